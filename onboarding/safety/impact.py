"""What one change means to the people who work with the system, its records, and its controls.

Pure, over a ``plan.Change`` alone. Which controls look at which kind is measured (``make
reference``); what interrupts is data (``policies/data/safety.yaml``, ``interrupts``).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from onboarding import plan, strict_yaml
from onboarding.safety import paths, removal, table

CONTROLS = "safety/controls.yaml"
"""Measured: ids of controls by ``engine/kind``."""


@dataclass(frozen=True, slots=True)
class Impact:
    """``interrupts`` says how people notice the change, ``data`` what becomes of records; each is
    "" where nothing does. ``controls`` are those that look at objects of this kind."""

    interrupts: str
    data: str
    controls: tuple[str, ...]


def of(change: plan.Change) -> Impact:
    """The impact of one change."""
    return Impact(_interrupts(change), _on_data(change), controls(change))


def controls(change: plan.Change) -> tuple[str, ...]:
    """The controls that look at the kind of object, by id."""
    return _measured().get(f"{change.ref.engine.value}/{change.ref.kind}", ())


def all_controls(changes: Iterable[plan.Change]) -> tuple[str, ...]:
    """The controls that any of the changes touches, each once."""
    return tuple(sorted({one for change in changes for one in controls(change)}))


def _interrupts(change: plan.Change) -> str:
    row = table.rows("interrupts").get(change.ref.kind)
    if row is None or change.action is plan.Action.CREATE:
        return ""
    if change.action is plan.Action.DELETE:
        return str(row["deleted"])
    if removal.replacing(change):
        return "made anew: " + str(row["deleted"])
    changed: Mapping[str, str] = row.get("changed", {})
    told = (
        text
        for pattern, text in changed.items()
        if any(paths.touches(f.path, pattern) for f in change.fields)
    )
    return "; ".join(dict.fromkeys(told))


def _on_data(change: plan.Change) -> str:
    lost = removal.loses(change)
    if change.action is plan.Action.DELETE and change.holds_data:
        return "deleted with its data"
    if lost and removal.replacing(change):
        return f"replaced; lost would be {lost}"
    if change.action is plan.Action.UPDATE and change.holds_data:
        return "holds data, which stays"
    return ""


@functools.cache
def _measured() -> Mapping[str, tuple[str, ...]]:
    return {place: tuple(ids) for place, ids in strict_yaml.shipped(CONTROLS).items()}
