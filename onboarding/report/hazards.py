"""Hazards of a plan as text and as JSON: what is dangerous, and what or who allows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from onboarding import safety

_MOST_LINES = 8


def text(hazards: Sequence[safety.Hazard], *, verbose: bool = False) -> list[str]:
    """Lines to stand before the plan, with an empty one after them; none without a hazard."""
    if not hazards:
        return []
    return ["dangerous", *(line for h in hazards for line in _lines(h, verbose=verbose)), ""]


def _lines(of: safety.Hazard, *, verbose: bool) -> Iterator[str]:
    yield f"  ! {of.message}  ({allowed_by(of)})"
    most = len(of.details) if verbose else _MOST_LINES
    yield from (f"      {line}" for line in of.details[:most])
    if len(of.details) > most:
        yield f"      … and {len(of.details) - most} more; --verbose lists them"


def allowed_by(of: safety.Hazard) -> str:
    """What a hazard wants before the plan may be written."""
    second = f"a second person with the role {of.approver}" if of.approver else ""
    wanted = [w for w in (of.flag, second) if w]
    return "needs " + " and ".join(wanted) if wanted else "nothing allows it"


def json(hazards: Sequence[safety.Hazard]) -> list[dict[str, Any]]:
    return [
        {
            "rule": h.rule,
            "message": h.message,
            "details": list(h.details),
            "flag": h.flag,
            "approver": h.approver,
        }
        for h in hazards
    ]
