"""Fields by path: a pattern is dotted, ``*`` stands for one step of any name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Steps = tuple[str, ...]


def found(value: Any, pattern: str) -> dict[str, Any]:
    """Every value at a pattern, by its own path; a key may hold dots, written ``·``."""
    return {".".join(steps): inner for steps, inner in _walk(value, tuple(pattern.split(".")), ())}


def _walk(value: Any, steps: Steps, path: Steps) -> Iterator[tuple[Steps, Any]]:
    if not steps:
        yield path, value
        return
    first, rest = steps[0], steps[1:]
    entries: Mapping[str, Any]
    if isinstance(value, Mapping):
        entries = {str(key).replace(".", "·"): inner for key, inner in value.items()}
    elif isinstance(value, list | tuple):
        entries = {str(index): inner for index, inner in enumerate(value)}
    else:
        return
    for key, inner in entries.items():
        if first in ("*", key):
            yield from _walk(inner, rest, (*path, key))


def touches(path: str, pattern: str) -> bool:
    """Whether a change at ``path`` lies at the pattern, within it, or around it."""
    steps = zip(pattern.split("."), path.split("."), strict=False)
    return all(want in ("*", have) for want, have in steps)
