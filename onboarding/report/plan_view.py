"""What every form of a shown plan says, in the order in which a reviewer should read it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from onboarding import plan, plan_file
from onboarding.safety import impact

SIGNS = {plan.Action.CREATE: "+", plan.Action.UPDATE: "~", plan.Action.DELETE: "−"}


def dangerous(of: plan.Plan) -> tuple[plan.Change, ...]:
    """What is deleted, holds data and changes, or is noticed by people; the gravest first."""
    graver = [c for c in of.changes if _grave(c) < _HARMLESS]
    return tuple(sorted(graver, key=_grave))


_HARMLESS = 4


def _grave(change: plan.Change) -> int:
    if change.action is plan.Action.DELETE:
        return 0 if change.holds_data else 1
    if change.action is plan.Action.UPDATE and change.holds_data:
        return 2
    if change.action is plan.Action.UPDATE and impact.of(change).interrupts:
        return 3
    return _HARMLESS


def ordered(of: plan.Plan) -> tuple[plan.Change, ...]:
    """Every change, dangerous ones first, then updates, then what is new."""
    first = {id(c) for c in dangerous(of)}
    rest = [c for c in of.changes if id(c) not in first]
    return (*dangerous(of), *sorted(rest, key=lambda c: c.action is plan.Action.CREATE))


def counts(of: plan.Plan) -> tuple[int, int, int, int]:
    """To create, to update, to delete, unchanged."""
    found = of.counts()
    created, updated, deleted = (found[action] for action in plan.Action)
    return created, updated, deleted, of.unchanged


def totals(parts: Sequence[plan_file.Part]) -> tuple[int, int, int, int]:
    created, updated, deleted, unchanged = zip(*(counts(p.plan) for p in parts), strict=True)
    return sum(created), sum(updated), sum(deleted), sum(unchanged)


def value(of: Any, absent: str, longest: int = 200) -> str:
    """A field's value, cut to a readable length; characters that nobody sees are spelt."""
    if of is None:
        return absent
    text = of if isinstance(of, str) else json.dumps(of, ensure_ascii=False, default=str)
    text = "".join(c if c.isprintable() or c == "\n" else f"(U+{ord(c):04X})" for c in text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def made(of: plan_file.Made, words: Mapping[str, str]) -> str:
    """When and by whom it was made, and how long it holds."""
    form = "%Y-%m-%d %H:%M"
    return words["made"].format(
        created=of.created.strftime(form), expires=of.expires.strftime(form), by=of.by
    )


def versions(of: plan_file.Saved, words: Mapping[str, str]) -> str:
    """What the plan was made with."""
    basis = of.parts[0].plan.basis
    return words["rests on"].format(
        **{key: basis.get(key, "?") for key in ("tool", "catalogue", "policies")}
    )
