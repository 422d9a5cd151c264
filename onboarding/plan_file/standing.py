"""How far a plan was carried out, by the journal of its agency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from onboarding.state import interface

_PLANNED = ("apply-begun",)
_ENDED = "apply-ended"


@dataclass(frozen=True, slots=True)
class Standing:
    """``begun``: it was the last to be begun, and did not end well. ``done``: when it ended well
    (UTC, ISO 8601), "" where it never did. ``by``: who ran it."""

    begun: bool = False
    done: str = ""
    by: str = ""


def of(journal: Sequence[interface.Entry], digest: str) -> Standing:
    """What became of the plan with this digest."""
    found = Standing()
    for entry in journal:
        told = str(entry.details.get("digest", ""))
        if entry.event in _PLANNED:
            ours = told == digest
            by = str(entry.details.get("by", "")) if ours else found.by
            found = Standing(ours, found.done, by)
        elif entry.event == _ENDED and told == digest:
            found = Standing(False, entry.at, found.by)
    return found


def reviewed_in(journal: Sequence[interface.Entry], whole: str) -> str:
    """The digest of the plan that a run took up as one of several reviewed as ``whole``.

    "" where no such run came to this agency.
    """
    begun = (e.details for e in journal if e.event in _PLANNED and e.details.get("whole") == whole)
    return next((str(details["digest"]) for details in begun), "")
