"""What is not done because letters, what is told of them, or their numbers would go with it.

Every way to it raises ``errors.Refused`` with what to do; reads only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onboarding import errors, product_api
from onboarding.product_api.mayan import ids, reading, steps
from onboarding.product_api.mayan.api import Api
from onboarding.products import contract
from onboarding.products.mayan import wanted


def listed(api: Api, path: str, *kinds: int) -> bool:
    """Whether this list of letters has one of these document types."""
    letters = api.every(path, "id", "document_type__id")
    return any(letter["document_type"]["id"] in kinds for letter in letters)


def has_letters(api: Api, *kinds: int) -> bool:
    """Whether there is a letter of one of these document types, be it in the bin."""
    return any(listed(api, f"/document_types/{kind}/documents/", kind) for kind in kinds) or listed(
        api, "/trashed_documents/", *kinds
    )


def before(api: Api, known: reading.Known, agency: str, wishes: Sequence[product_api.Wish]) -> None:
    """Nothing that is missing is made anew while letters rest on what was there before.

    For the time before anything is written; where nothing is missing it asks for nothing.
    """
    made = [wish for wish in wishes if wish.fields is not None]
    missing = [
        wish.name
        for wish in made
        if wish.kind == contract.Kind.ORGANISATION and wish.name not in known.organisations
    ]
    if missing:
        _refuse_beside_unmarked(api, known, agency, missing)
    for wish in made:
        if wish.kind == contract.Kind.REGISTER and wish.name not in known.registers:
            _refuse_to_begin_again(api, known, agency, wish.name)


def _refuse_beside_unmarked(
    api: Api, known: reading.Known, agency: str, missing: Sequence[str]
) -> None:
    for kind in _unmarked(api, known):
        if has_letters(api, int(kind["id"])):
            others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            raise errors.Refused(
                f"the organisation {missing[0]}{others} is not there, and there are letters in a "
                f"document type without our mark: {kind['label']}",
                resolution="Somebody most likely renamed it. In the e-Office (System, Setup, "
                f"Document types) let its label end with {wanted.mark(agency, missing[0])} again, "
                "or with the body that it is of, and run the same command again. If it never was "
                "ours, take our workflow and the rights of our roles off it there; what the "
                "workflow tells of its letters goes with that.",
            )


def _unmarked(api: Api, known: reading.Known) -> Iterator[Mapping[str, Any]]:
    """Document types without a mark that take our steps, or on which our roles have rights."""
    taking = {
        kind["id"]
        for one in known.workflows.values()
        for kind in api.every(f"{steps.base(one)}/document_types/", "id")
    }
    for kind in known.types:
        if not wanted.has_mark(kind["label"]) and (
            kind["id"] in taking
            or known.roles.keys() & reading.acls(api, ids.TYPE, int(kind["id"])).keys()
        ):
            yield kind


def _refuse_to_begin_again(api: Api, known: reading.Known, agency: str, name: str) -> None:
    if _has_letters_of(api, known, name):
        raise errors.Refused(
            f"the register {name} is not there, and its organisation has letters: a new one would "
            "give numbers a second time",
            resolution="Make it in the e-Office (System, Setup, Sequences, Arithmetic): internal "
            f"name {ids.internal(agency, name)}, first value 1, increments 1, width 0, and as its "
            "position how many numbers were given (the last number on its letters). Then run the "
            "same command again: its label follows.",
        )


def register(api: Api, known: reading.Known, name: str) -> None:
    """With a register goes the number that it came to."""
    if _has_letters_of(api, known, name):
        raise errors.Refused(
            f"the register {name} stays: its organisation has letters in the e-Office",
            resolution="Its letters are exported and deleted there first, with approval, and the "
            "organisation goes before its registers.",
        )


def _has_letters_of(api: Api, known: reading.Known, register: str) -> bool:
    """A register is called after its organisation and its direction."""
    units = (unit for unit in known.organisations if register.startswith(f"{unit}-"))
    unit = max(units, key=len, default=None)
    return unit is not None and has_letters(api, int(known.organisations[unit]["id"]))


def organisation(api: Api, name: str, kind: int) -> None:
    """Mayan would delete the letters together with their organisation, those in the bin too."""
    if listed(api, f"/document_types/{kind}/documents/", kind):
        raise errors.Refused(
            f"the organisation {name} still has letters in the e-Office",
            resolution="Export its letters and delete them there first, with approval. If it is "
            "not meant to go, somebody changed the end of its label there: change that back.",
        )
    if listed(api, "/trashed_documents/", kind):
        raise errors.Refused(
            f"the organisation {name} still has letters in the bin of the e-Office",
            resolution="Let who approves deletion decide on each first: it is deleted, or "
            "taken out of the bin.",
        )


def steps_of(api: Api, kind: Mapping[str, Any]) -> None:
    """With a document type that is taken off a workflow goes what that tells of its letters."""
    if has_letters(api, int(kind["id"])):
        raise errors.Refused(
            f"letters of a document type that nobody planned take our steps: {kind['label']}",
            resolution="Where it is one of ours let its label end with our mark again, in square "
            "brackets; of a body that leaves the letters go first. Else move its letters to one "
            "of ours, or decide that what the workflow tells of them is needed no more and take "
            "it off the workflow in the e-Office. Then run the same command again.",
        )


def in_workflow(api: Api, base: str) -> bool:
    """Whether letters may go through a workflow."""
    # Whoever moves a letter to another document type leaves it in the workflow.
    if any(True for _ in api.every(f"{base}/documents/", "id")):
        return True
    return has_letters(api, *(int(k["id"]) for k in api.every(f"{base}/document_types/", "id")))


def workflow(api: Api, one: Mapping[str, Any], name: str) -> None:
    """What a workflow tells of letters goes with it."""
    if in_workflow(api, steps.base(one)):
        raise errors.Refused(
            f"the workflow {name} stays: letters go through it in the e-Office",
            resolution="Delete it there once what it tells of these letters is needed no more.",
        )


def beside(labels: Sequence[str]) -> None:
    """States and steps that stay because letters may be in them, or have taken them."""
    if labels:
        raise errors.Refused(
            "there are states or steps in the e-Office that nobody planned, and letters may have "
            f"taken them: {', '.join(labels)}",
            resolution="With one that is deleted goes what it tells of letters: who took it, and "
            "when. In the e-Office (System, Setup, Workflows) give back its name to one that was "
            "renamed, and delete one that was made by hand once it is needed no more: a state "
            "only while no letter is in it. Then run the same command again.",
        )
