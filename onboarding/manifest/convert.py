"""What a conversion of a manifest amounts to: the new text and what is different in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``line`` and ``column`` count from 1 in the old file, 0 where it is new.

    ``before`` is empty for what was added, ``after`` for what was removed.
    """

    line: int
    column: int
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """``notes`` are what a person should look at; they stop nothing."""

    text: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
