"""Letters in a real Mayan EDMS, over its API: made, sent, and told again with every word."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onboarding import tenant
from onboarding.desired import settings
from onboarding.product_api.mayan import api, ids, reading
from onboarding.products import contract, mayan
from tests.unit import targets

STEPS = ("ลงลายมือชื่ออิเล็กทรอนิกส์", "ออกเลขหนังสือ", "ส่งหนังสือ")


@dataclass(frozen=True, slots=True)
class Records:
    """What must not be lost: letters with their words, steps and files by digest, who may do what,
    and who is in which group."""

    letters: dict[str, dict[str, Any]]
    rights: dict[str, Any]
    people: dict[str, list[str]]


def records(door: api.Api) -> Records:
    """All of one product."""
    people = {g["name"]: door.every(f"/groups/{g['id']}/users/") for g in door.every("/groups/")}
    return Records(
        {d["uuid"]: told(door, d) for d in door.every("/documents/")},
        {k["label"]: reading.acls(door, ids.TYPE, k["id"]) for k in door.every("/document_types/")},
        {group: sorted(user["username"] for user in users) for group, users in people.items()},
    )


def wanted(of: tenant.Tenant) -> contract.Configuration:
    """What the product of its first e-Office must hold."""
    namespace = of.e_offices[0].namespace
    fields = next(
        i.fields
        for i in settings.desired(of, targets.pinned())
        if i.ref.kind == settings.KIND and i.ref.scope == namespace
    )
    return mayan.Mayan().desired(of.id, fields)


def make(
    door: api.Api, agency: str, unit: str, text: str, file: bytes = b"", kind: str = "หนังสือภายนอก"
) -> str:
    """A new letter of an organisation with its steps begun; its path."""
    known = reading.known(door, agency)
    about = {"document_type_id": known.organisations[unit]["id"], "label": f"หนังสือ {text}"}
    path = f"/documents/{door.make('/documents/', about)['id']}"
    values = {"letter_type": kind, "secrecy": "ปกติ", "speed": "ปกติ", "letter_number": ""}
    have = {m["metadata_type"]["name"]: m["id"] for m in door.every(f"{path}/metadata/")}
    for name, value in values.items():
        if name in have:
            door.change(f"{path}/metadata/{have[name]}/", {"value": value})
        else:
            number = known.fields[name]["id"]
            door.make(f"{path}/metadata/", {"metadata_type_id": number, "value": value})
    if file:
        door.upload(f"{path}/files/", "letter.pdf", file, {"action_name": "replace"})
    return path


def steps(door: api.Api, path: str) -> tuple[str, dict[str, int]]:
    """Where its steps are taken, and those that may be taken now."""
    (one, *_) = door.every(f"{path}/workflow_instances/")
    base = f"{path}/workflow_instances/{one['id']}/log_entries/"
    return base, {t["label"]: t["id"] for t in door.every(f"{base}transitions/")}


def send(door: api.Api, path: str) -> str:
    """Take all steps of an external letter; the number that it got."""
    for step in STEPS:
        base, open_now = steps(door, path)
        door.make(base, {"transition_id": open_now[step]})
    return str(_values(door, path)["letter_number"])


def told(door: api.Api, document: Mapping[str, Any]) -> dict[str, Any]:
    """All there is of a letter: title, words, steps taken, and its files by hash."""
    path = f"/documents/{document['id']}"
    taken = [
        (entry["transition"] or {}).get("label", "")
        for one in door.every(f"{path}/workflow_instances/")
        for entry in door.every(f"{path}/workflow_instances/{one['id']}/log_entries/")
    ]
    return {
        "label": document["label"],
        "type": document["document_type"]["label"],
        "values": _values(door, path),
        "steps": taken,
        "files": {
            str(file["filename"]): _hash(door, path, file) for file in door.every(f"{path}/files/")
        },
    }


def _values(door: api.Api, path: str) -> dict[str, str]:
    return {m["metadata_type"]["name"]: m["value"] for m in door.every(f"{path}/metadata/")}


def _hash(door: api.Api, path: str, file: Mapping[str, Any]) -> str:
    """Of what comes out of it, which must be what the product has noted."""
    content = door.content(f"{path}/files/{file['id']}/download/")
    made = hashlib.sha256(content).hexdigest()
    assert made == file["checksum"]
    return made


def files(door: api.Api, part: bytes) -> Iterator[bytes]:
    """Every file of a letter with this in it."""
    for document in door.every("/documents/"):
        path = f"/documents/{document['id']}"
        for file in door.every(f"{path}/files/"):
            content = door.content(f"{path}/files/{file['id']}/download/")
            if part in content:
                yield content


def hashes(letters: Mapping[str, Mapping[str, Any]]) -> set[str]:
    return {made for letter in letters.values() for made in letter["files"].values()}


def numbers(letters: Mapping[str, Mapping[str, Any]]) -> list[int]:
    """The numbers taken, without the year."""
    written = (str(letter["values"]["letter_number"]) for letter in letters.values())
    return [int(number.partition("/")[0]) for number in written if number]
