"""How long work reports what it is doing, without knowing who watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Progress(Protocol):
    """A tree of steps. ``step`` nests; leaving it by an exception marks it failed."""

    def step(self, title: str) -> AbstractContextManager[None]: ...

    def note(self, text: str) -> None:
        """One line about the step that is running."""
        ...


class Silent:
    """Progress that nobody watches."""

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        yield

    def note(self, text: str) -> None:
        return None
