"""From the settings of an agency's e-Office to what Mayan EDMS must hold; pure.

An organisation is a document type: rights in Mayan come down to a letter from its type alone. What
kind of letter it is, how secret and how urgent, are metadata with a closed list of values. Names
that Mayan shows to people are Thai; the id stands in square brackets, by which it is found again
after it was renamed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from onboarding.products import contract
from onboarding.products.mayan import rights

WORKFLOW = "letters"
DRAFT = "ร่างหนังสือ"
RECEIVED = "ลงทะเบียนรับแล้ว"
RECEIVE = "ลงทะเบียนรับ"
SIGN, NUMBER = "sign", "number"

LONGEST_TYPE = 196
LONGEST_SEQUENCE = 128
"""Characters that a label of a document type and of a sequence may have (Mayan EDMS 4.12)."""

FIELDS: Mapping[str, tuple[str, bool]] = {
    "letter_type": ("ชนิดหนังสือ · Letter type", True),
    "secrecy": ("ชั้นความลับ · Secrecy", True),
    "speed": ("ชั้นความเร็ว · Speed", True),
    "letter_number": ("เลขที่หนังสือ · Number", False),
}
"""Metadata types by name: what people read, and whether every letter must have it."""

_MARK = re.compile(r"\[([a-z0-9-]+)/([a-z0-9-]+)\]$")


def configuration(agency: str, settings: Mapping[str, Any]) -> contract.Configuration:
    """Everything for one instance, in the order in which one thing needs another."""
    made: dict[tuple[str, str], Mapping[str, Any]] = {}
    roles = _roles(settings)
    for unit, of_unit in roles.items():
        for group in of_unit.values():
            made[contract.Kind.ROLE, group] = {**_role([group]), "elsewhere": []}
        made[contract.Kind.ROLE, staff(agency, unit)] = _role(of_unit.values())
        writing = (group for role, group in of_unit.items() if role in rights.WRITERS)
        made[contract.Kind.ROLE, writers(agency, unit)] = _role(writing)
    groups = (group for of_unit in roles.values() for group in of_unit.values())
    made[contract.Kind.ROLE, everybody(agency)] = {**_role(groups), "ofOthers": []}
    for name, fields in _fields(settings):
        granted = {everybody(agency): sorted(rights.FIELD)}
        made[contract.Kind.FIELD, name] = {**fields, "rights": granted}
    approver = settings["retention"]["deletion"]["approverRole"]
    for unit in settings["units"]:
        made[contract.Kind.ORGANISATION, unit["id"]] = _organisation(
            agency, settings, unit, roles[unit["id"]], approver
        )
    for book in settings["registers"]["books"]:
        made[contract.Kind.REGISTER, book["id"]] = {
            "label": marked(book["nameTh"], agency, book["id"], LONGEST_SEQUENCE),
            "firstNumber": settings["registers"]["firstNumber"],
            "oneByOne": True,
        }
    made[contract.Kind.WORKFLOW, WORKFLOW] = _workflow(agency, settings)
    return made


def _role(groups: Iterable[str]) -> dict[str, Any]:
    """Who has it. It has no right of its own, which would hold on the letters of everybody; and
    ``elsewhere``, of a role by the name of its group: the roles of others which that group has.
    Of the role that all have, ``ofOthers``: rights to all letters of roles that are not ours."""
    return {"groups": sorted(groups), "rights": []}


def staff(agency: str, unit: str) -> str:
    """The role that all five groups of an organisation have."""
    return f"{agency}:staff:{unit}"


def writers(agency: str, unit: str) -> str:
    """The role of the groups of an organisation that write letters."""
    return f"{agency}:writers:{unit}"


def everybody(agency: str) -> str:
    """The role that all groups of all organisations have: it opens no letter."""
    return f"{agency}:everybody"


def marked(text: str, agency: str, name: str, longest: int) -> str:
    """A label with the mark by which it is known as ours, cut to what fits."""
    ending = f" {mark(agency, name)}"
    return text[: longest - len(ending)] + ending


def mark(agency: str, name: str) -> str:
    return f"[{agency}/{name}]"


def has_mark(label: str) -> bool:
    """Whether a label is marked, for whatever agency."""
    return _MARK.search(label) is not None


def mark_in(label: str, agency: str) -> str:
    """The name in the mark of one of the agency's labels; "" where it has none."""
    found = _MARK.search(label)
    return found[2] if found and found[1] == agency else ""


def _fields(settings: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    values = {
        "letter_type": _names(settings["letterTypes"]),
        "secrecy": _names(settings["secrecy"]["allowed"]),
        "speed": _names(settings["speeds"]),
        "letter_number": [],
    }
    for name, (label, _) in FIELDS.items():
        # The lowest class is what a letter has where nobody says otherwise.
        default = values[name][0] if name in ("secrecy", "speed") else ""
        yield name, {"label": label, "values": values[name], "default": default}


def _names(values: Sequence[Mapping[str, Any]]) -> list[str]:
    return [str(value["nameTh"]) for value in values]


def _roles(settings: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Group by unit and role: the agency's own, or one for each body of several."""
    alone = len(settings["units"]) == 1
    return {
        unit["id"]: {
            role["id"]: role["group"] if alone else f"{unit['group']}:{role['id']}"
            for role in settings["roles"]
        }
        for unit in settings["units"]
    }


def _organisation(
    agency: str,
    settings: Mapping[str, Any],
    unit: Mapping[str, Any],
    roles: Mapping[str, str],
    approver: str,
) -> Mapping[str, Any]:
    about = settings["agency"]
    name = f"{unit['nameTh']} · {about['nameEn']}" if unit["id"] == agency else unit["nameTh"]
    return {
        "label": marked(name, agency, unit["id"], LONGEST_TYPE),
        "fields": {field: required for field, (_, required) in FIELDS.items()},
        "rights": {
            staff(agency, unit["id"]): sorted(rights.STAFF),
            writers(agency, unit["id"]): sorted(rights.WRITE),
            **{
                group: granted
                for role, group in roles.items()
                if (granted := rights.of_deletion(role, approver))
            },
        },
        # Nothing goes by itself: into the bin, or out of it.
        "binnedAfter": "",
        "deletedAfter": "",
        # Mayan lets its language models read all letters of a type, or none.
        "readByAi": False,
    }


def _workflow(agency: str, settings: Mapping[str, Any]) -> Mapping[str, Any]:
    units = settings["units"]
    steps = {step["id"]: step["nameTh"] for step in settings["workflow"]["stepNames"]}
    after = {step: f"{name}แล้ว" for step, name in steps.items()}
    signed = {letter["letterType"] for letter in settings["workflow"]["letters"]}
    free = [kind["nameTh"] for kind in settings["letterTypes"] if kind["id"] not in signed]
    moves = {}
    here = DRAFT
    for step, name in steps.items():
        moves[name] = {"from": here, "to": after[step], "only": []}
        here = after[step]
    if SIGN in steps and NUMBER in steps:
        unsigned = f"{steps[NUMBER]} (ไม่ต้องลงลายมือชื่อ)"
        moves[unsigned] = {"from": DRAFT, "to": after[NUMBER], "only": free}
    moves[RECEIVE] = {"from": DRAFT, "to": RECEIVED, "only": []}
    books = settings["registers"]["books"]
    return {
        "label": f"งานสารบรรณ · Letters {mark(agency, WORKFLOW)}",
        "startsByItself": True,
        # By label: whether a letter begins there.
        "states": {label: label == DRAFT for label in (DRAFT, *after.values(), RECEIVED)},
        "moves": moves,
        "numbers": {
            after[NUMBER]: {b["unit"]: b["id"] for b in books if b["direction"] == "out"},
            RECEIVED: {b["unit"]: b["id"] for b in books if b["direction"] == "in"},
        },
        "numbersOnLetters": sorted([after[NUMBER], RECEIVED]),
        # Nothing else happens to a letter on its way, nobody's step is taken for him, and its only
        # way is this one.
        "otherActions": [],
        "byItself": [],
        "otherWorkflows": [],
        "organisations": sorted(unit["id"] for unit in units),
        "rights": {everybody(agency): sorted(rights.WORKFLOW)},
    }
