"""Letters of two bodies in one Mayan EDMS, and everything that a clerk of one tries on the other's.

It makes a letter and a clerk for each body, and removes them when it is told to: all that carry
``crossing.MARK``.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, TypeVar

from onboarding import errors, product_api
from onboarding.product_api import crossing
from onboarding.product_api.mayan import api, reading
from onboarding.products.mayan import wanted

_LABEL = "ทดสอบสิทธิ์ ลบได้ · Access probe, may be deleted"
_APPLY = "Run onboard apply, which makes what an e-Office lacks; then probe again."
_NEWEST = "/documents/?_ordering=-datetime_created"
_MORE = 100
"""Of the newest letters so many beyond those that the probe made: staff may file some meanwhile."""
_PARTS = (
    "versions", "metadata", "workflow_instances", "comments", "tags", "cabinets", "indexes",
    "signature_captures", "resolved_smart_links", "resolved_web_links", "duplicates",
)  # fmt: skip
_DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg=="
)
"""A picture of one pixel (PNG): pages of it are made without a program of its own."""
T = TypeVar("T")
_SEARCHED = ("documentsearchresult", "documentfilesearchresult", "documentfilepagesearchresult")


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter of a probe; ``word`` stands in its title and in the name of its file."""

    number: int
    file: int
    uuid: str
    word: str


def tried(
    place: product_api.Place, account: product_api.Account, agency: str, bodies: Sequence[str]
) -> tuple[crossing.Try, ...]:
    """See ``product_api.Access.cross_read``."""
    with api.Api(place, account) as door:
        known = reading.known(door, agency)
        letters = {body: _letter(door, known, body) for body in bodies}
        found: list[crossing.Try] = []
        for by, group in groupby(crossing.pairs(bodies), itemgetter(0)):
            with api.Api(place, clerk(door, known, agency, by)) as theirs:
                found += _shown(theirs, by, letters)
                for _, of in group:
                    attempts = _attempts(theirs, letters[of], own=by == of)
                    found += [crossing.Try(by, of, what, *_reached(go)) for what, go in attempts]
        return tuple(found)


def swept(place: product_api.Place, account: product_api.Account) -> int:
    """See ``product_api.Access.sweep``."""
    with api.Api(place, account) as door:
        return _swept(door)


def _swept(door: api.Api) -> int:
    """Accounts first: nobody is to see letters go."""
    users = [u for u in door.every("/users/") if u["username"].startswith(crossing.MARK)]
    for user in users:
        door.remove(f"/users/{user['id']}/")
    listed = [*_found(door, _SEARCHED[0], crossing.MARK), *_newest(door, 0)]
    for number in {one["id"] for one in listed if _is_probe(one)}:
        door.remove(f"/documents/{number}/")
    binned = [d for d in door.every("/trashed_documents/") if _is_probe(d)]
    for one in binned:
        door.remove(f"/trashed_documents/{one['id']}/")
    return len(users) + len(binned)


def _is_probe(document: dict[str, Any]) -> bool:
    return str(document["label"]).startswith(crossing.MARK)


def _letter(door: api.Api, known: reading.Known, body: str) -> Letter:
    word = crossing.MARK + secrets.token_hex(6)
    label = f"{crossing.MARK} {word} {_LABEL}"
    kind = known.organisations.get(body)
    if kind is None:
        raise errors.UsageError(f"the e-Office has no organisation {body}", resolution=_APPLY)
    made = door.make("/documents/", {"document_type_id": kind["id"], "label": label})
    path = f"/documents/{made['id']}"
    door.upload(f"{path}/files/", f"{word}.png", _DOT, {"action_name": "replace"})
    (file, *_) = [*door.every(f"{path}/files/"), {"id": 0}]
    return Letter(int(made["id"]), int(file["id"]), str(made["uuid"]), word)


def clerk(
    door: api.Api, known: reading.Known, agency: str, body: str, role: str = ""
) -> product_api.Account:
    """A new account in the group of a role in a body; "" for all groups of the body at once.

    Rights in Mayan only add up: what is refused to who has them all is refused to each.
    """
    staff = known.roles.get(wanted.staff(agency, body))
    groups = reading.role_groups(door, staff) if staff else {}
    chosen = [one for name, one in groups.items() if not role or name.endswith(f":{role}")]
    if not chosen:
        named = f"group {role}" if role else "group"
        raise errors.UsageError(f"the e-Office has no {named} of {body}", resolution=_APPLY)
    name = crossing.MARK + secrets.token_hex(6)
    account = product_api.Account(name, secrets.token_urlsafe(24))
    said = {"username": name, "password": account.password, "email": f"{name}@probe.invalid"}
    user = door.make("/users/", said)
    for group in chosen:
        door.make(f"/groups/{group['id']}/users/add/", {"user": user["id"]})
    return account


def _shown(clerk: api.Api, by: str, letters: Mapping[str, Letter]) -> Iterator[crossing.Try]:
    """Of which bodies a list, and a search, of everything shows the letter: all pairs by two
    questions a body."""
    looks: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "list": partial(_newest, clerk, len(letters)),
        "search": partial(_found, clerk, _SEARCHED[0], crossing.MARK),
    }
    for what, look in looks.items():
        shown, why = _answer(look, list[dict[str, Any]]())
        numbers = None if shown is None else {document["id"] for document in shown}
        for of, letter in letters.items():
            reached = None if numbers is None else letter.number in numbers
            yield crossing.Try(by, of, what, reached, why)


def _newest(door: api.Api, probes: int) -> list[dict[str, Any]]:
    return list(islice(door.every(_NEWEST), probes + _MORE))


def _attempts(
    clerk: api.Api, letter: Letter, *, own: bool
) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is tried, and how; each call gives something true where it got through.

    Of one's own letter only what must be possible is asked; nothing is written to it.
    """
    path, file = f"/documents/{letter.number}", f"/documents/{letter.number}/files/{letter.file}"
    yield "read", partial(clerk.get, f"{path}/")
    yield "file", partial(_every, clerk, f"{path}/files/")
    yield "download", partial(clerk.content, f"{file}/download/")
    if own:
        return
    for model in _SEARCHED:
        yield f"search {model} by word", partial(_found, clerk, model, letter.word)
        yield f"search {model} by uuid", partial(_found, clerk, model, letter.uuid)
    for part in _PARTS:
        yield part, partial(_every, clerk, f"{path}/{part}/")
    yield "pages", partial(_every, clerk, f"{file}/pages/")
    for part in ("events", "acls"):
        about = f"/objects/documents/document/{letter.number}/{part}/"
        yield part, partial(_every, clerk, about)
    yield "rename", partial(_done, clerk.change, f"{path}/", {"label": f"{crossing.MARK} x"})
    new = (f"{path}/files/", "x.png", _DOT, {"action_name": "replace"})
    yield "add a file", partial(_done, clerk.upload, *new)
    yield "bin", partial(_done, clerk.remove, f"{path}/")


def _every(clerk: api.Api, path: str) -> list[dict[str, Any]]:
    return list(clerk.every(path))


def _done(call: Callable[..., None], *arguments: Any) -> bool:
    call(*arguments)
    return True


def _found(clerk: api.Api, model: str, word: str) -> list[dict[str, Any]]:
    return _every(clerk, f"/search/documents.{model}/?q={word}")


def _reached(attempt: Callable[[], object]) -> tuple[bool | None, str]:
    return _answer(lambda: bool(attempt()), False)


def _answer(ask: Callable[[], T], refused: T) -> tuple[T | None, str]:
    """What came of it; None, and why, where the product itself did not say so."""
    try:
        return ask(), ""
    except (api.Forbidden, api.NotThere):
        # One to who must not know. Any other status (too many requests, too large, elsewhere) says
        # nothing of the letter.
        return refused, ""
    except errors.OnboardError as problem:
        return None, "; ".join((problem.message, *problem.details))
