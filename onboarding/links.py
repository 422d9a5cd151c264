"""Links: whether both agencies declared the same exchange of data, and where they differ.

A link stands in the manifests of both agencies, each from its own point of view. Its canonical
form is the same from either side: the agencies unordered, the direction as who sends to whom.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from onboarding import item, names, strict_yaml
from onboarding.manifest import drafts, fields, model

CLASSES = ("open", "internal", "confidential", "secret")
"""Classes of data, lowest first."""

_SAME = {
    "id": "id",
    "kind": "kind",
    "dataset": "dataset",
    "class": "data_class",
    "basis": "basis",
    "purpose": "purpose",
    "owner": "owner",
    "dataFields": "data_fields",
    "scopes": "scopes",
    "consentMode": "consent_mode",
    "facilityCodes": "facility_codes",
    "clinicianCheck": "clinician_check",
    "portal": "portal",
    "intake": "intake",
    "country": "country",
    "transferBasis": "transfer_basis",
    "expires": "expires",
}
"""What both sides must write alike, by its key in the file. What concerns one side alone (which
of its systems carries the link, its rate limit, its webhook) is left out."""


class State(StrEnum):
    """Whether a link may be provisioned."""

    AGREED = "agreed"
    UNDECLARED = "undeclared"
    """The peer's manifest is known and does not declare the link."""
    UNKNOWN_PEER = "unknown-peer"
    """Nobody has shown a manifest of the peer."""
    DIFFERENT = "different"
    """Both declare it, with other content."""
    ABOVE_CEILING = "above-ceiling"
    """Its class is above what one of the two may hold."""
    REFUSED = "refused"
    """The agency is restricted and did not take the link in by an approval of its own."""
    EXPIRED = "expired"
    DRAFT = "draft"
    """Values that only hold a place, in an environment for production."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A manifest that may declare the other side of a link, and the document it was read from."""

    manifest: model.AgencyMou
    document: strict_yaml.Document | None = None

    @property
    def file(self) -> str:
        return self.document.name if self.document else f"the manifest of {self.manifest.id}"

    def place(self, index: int, key: str = "") -> str:
        """``file:line`` of a key of link ``index``; no line where no file is known."""
        if self.document is None:
            return self.file
        path: strict_yaml.KeyPath = ("links", index, key) if key else ("links", index)
        return f"{self.file}:{self.document.position(path).line}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that the two sides wrote differently, as each would have written it."""

    key: str
    mine: Any
    theirs: Any
    here: str
    there: str

    def __str__(self) -> str:
        return (
            f"{self.key}: {_shown(self.mine)} at {self.here},"
            f" but {_shown(self.theirs)} at {self.there}"
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """One declared link and what became of it; ``digest`` is the same on both sides if agreed."""

    link: model.Link
    state: State
    digest: str
    why: str = ""

    @property
    def agreed(self) -> bool:
        return self.state is State.AGREED


def canonical(link: model.Link, agency: str) -> dict[str, Any]:
    """The link as both sides would write it, JSON values only; ``agency`` is the declaring one."""
    shared = {key: _plain(getattr(link, name)) for key, name in _SAME.items()}
    return {**shared, "agencies": sorted((agency, link.peer)), "flows": flows(link, agency)}


def flows(link: model.Link, agency: str) -> list[str]:
    """Who sends to whom: ``["bdi>moph", "moph>bdi"]`` for both directions, sorted."""
    out, back = f"{agency}>{link.peer}", f"{link.peer}>{agency}"
    return sorted({"out": [out], "in": [back], "both": [out, back]}[link.direction])


def digest(link: model.Link, agency: str) -> str:
    """SHA-256 of the canonical form: equal on both sides exactly where they declare the same."""
    return item.content_hash(canonical(link, agency))


def mirrored(direction: str) -> str:
    """A direction as the other side writes it."""
    return {"in": "out", "out": "in"}.get(direction, direction)


def judge(
    mine: Declared,
    others: Mapping[str, Declared],
    *,
    today: date | None = None,
    production: bool = False,
) -> tuple[Judged, ...]:
    """What becomes of each link of one manifest, given those of others by agency id.

    Without ``today`` nothing expires. In ``production`` a link with draft values waits.
    """

    def one(index: int, link: model.Link) -> Judged:
        state, why = _state(mine, index, others.get(link.peer))
        if state is State.AGREED and today is not None and link.expires < today:
            state, why = (
                State.EXPIRED,
                f"expired on {link.expires} ({mine.place(index, 'expires')})",
            )
        if state is State.AGREED and production and (drafted := _drafted(link)):
            state, why = State.DRAFT, f"draft values: {', '.join(drafted)} ({mine.place(index)})"
        return Judged(link, state, digest(link, mine.manifest.id), why)

    return tuple(one(index, link) for index, link in enumerate(mine.manifest.links))


def differences(
    mine: Declared, index: int, theirs: Declared, their_index: int
) -> tuple[Difference, ...]:
    """Fields in which two declarations of one link are not the same, in the order of the file."""
    link, peer = mine.manifest.links[index], theirs.manifest.links[their_index]
    ours, their = _as_written(link), _as_written(peer)
    their["direction"] = mirrored(peer.direction)
    their["peer"], ours["peer"] = peer.peer, mine.manifest.id
    found = []
    for key in ("peer", "direction", *_SAME):
        if ours[key] != their[key]:
            # Each side is shown what it wrote; the direction of the peer is mirrored back.
            wrote = peer.direction if key == "direction" else their[key]
            place = (mine.place(index, key), theirs.place(their_index, key))
            found.append(Difference(key, ours[key], wrote, *place))
    return tuple(found)


def _state(mine: Declared, index: int, theirs: Declared | None) -> tuple[State, str]:
    link = mine.manifest.links[index]
    if refused := _refusal(mine, index):
        return State.REFUSED, refused
    if theirs is None:
        return State.UNKNOWN_PEER, f"no manifest of {link.peer} was given, and none was applied"
    where = [i for i, other in enumerate(theirs.manifest.links) if other.id == link.id]
    if not where:
        return State.UNDECLARED, f"{theirs.file} declares no link {link.id!r}"
    different = differences(mine, index, theirs, where[0])
    if different:
        return State.DIFFERENT, "; ".join(map(str, different))
    if refused := _refusal(theirs, where[0]):
        return State.REFUSED, refused
    return _ceiling(link, (mine, theirs))


def _ceiling(link: model.Link, both: Iterable[Declared]) -> tuple[State, str]:
    """A link may not carry what one of the two may not hold (control XCH-003)."""
    above = [
        f"{side.manifest.id} may hold {side.manifest.security.max_data_class} at most"
        for side in both
        if CLASSES.index(link.data_class) > CLASSES.index(side.manifest.security.max_data_class)
    ]
    if above:
        return State.ABOVE_CEILING, f"class {link.data_class}: {', '.join(above)}"
    return State.AGREED, ""


def _refusal(of: Declared, index: int) -> str:
    """Why an agency takes no part: a restricted one links to nobody without saying so."""
    link = of.manifest.links[index]
    kinds = [system.kind for system in of.manifest.systems]
    if RESTRICTED not in kinds or link.restricted_approval:
        return ""
    return (
        f"{of.manifest.id} is restricted and takes part in no link without"
        f" restrictedApproval ({of.place(index)})"
    )


RESTRICTED = "restricted"
"""Kind of the systems whose agencies are linked to nobody by default."""


def carrier(manifest: model.AgencyMou, link: model.Link) -> str:
    """Name of the system that carries a link on this agency's side.

    The one that the link names; else the first that is not the e-Office; else the e-Office.
    """
    if link.system is not None:
        return link.system
    for system in manifest.systems:
        if system.kind != names.E_OFFICE:
            return system.name
    return manifest.systems[0].name


def _drafted(link: model.Link) -> list[str]:
    values = {key: getattr(link, name) for key, name in _SAME.items()}
    texts = {key: (one,) if isinstance(one, str) else one for key, one in values.items()}
    return [
        key
        for key, found in texts.items()
        if isinstance(found, tuple) and any(drafts.is_draft(str(text)) for text in found)
    ]


def _as_written(link: model.Link) -> dict[str, Any]:
    values = {key: _plain(getattr(link, name)) for key, name in _SAME.items()}
    return {**values, "direction": link.direction}


def _plain(value: Any) -> Any:
    """JSON values in one spelling: text in NFC, lists sorted, dates as ISO 8601."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, tuple):
        return sorted(_plain(one) for one in value)
    if isinstance(value, fields.Model):
        return {
            info.alias or name: _plain(getattr(value, name))
            for name, info in type(value).model_fields.items()
        }
    return value if value is None or isinstance(value, bool | int) else str(value)


def _shown(value: Any) -> str:
    return "nothing" if value in (None, []) else item.canonical(value)
