"""Numbers of things in what people read: ``1 agency``, ``2 agencies``."""

from __future__ import annotations


def of(number: int, noun: str) -> str:
    """The number and its noun, which is given for one thing and of a plain plural."""
    return f"{number:,} {noun if number == 1 else _plural(noun)}"


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"
