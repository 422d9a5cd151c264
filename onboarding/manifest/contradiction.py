"""A contradiction between parts of a manifest, and the one that any list may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from onboarding.strict_yaml import KeyPath


class Mistake(NamedTuple):
    """A contradiction at ``path`` (keys as written in the file)."""

    path: KeyPath
    message: str
    remedy: str


def repeated(ids: Iterable[str], path: KeyPath, key: str | None) -> Iterator[Mistake]:
    """Every id of the list at ``path`` that stands there before; ``key`` holds it in an entry."""
    seen: set[str] = set()
    for index, identifier in enumerate(ids):
        if identifier in seen:
            where: KeyPath = (*path, index) if key is None else (*path, index, key)
            yield Mistake(where, f"{identifier!r} stands here twice", "give each its own")
        seen.add(identifier)
