"""Progress on a terminal: a tree of steps with their times, redrawn in place."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich import console, live, spinner, table, text

from onboarding.cli import visible


@dataclass(slots=True)
class _Step:
    title: str
    began: float
    ended: float = 0.0
    failed: bool = False
    note: str = ""
    children: list[_Step] = field(default_factory=list)


class LiveTree:
    """Implements ``progress.Progress``. Steps of other threads hang under the open one."""

    def __init__(self) -> None:
        self._console = console.Console(stderr=True)
        self._roots: list[_Step] = []
        self._open: list[_Step] = []
        self._live: live.Live | None = None
        self._lock = threading.RLock()
        self._spinner = spinner.Spinner("dots")

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        step = _Step(visible.spelt(title), time.monotonic())
        with self._lock:
            (self._open[-1].children if self._open else self._roots).append(step)
            self._open.append(step)
            if self._live is None:
                self._live = live.Live(
                    get_renderable=self._draw, console=self._console, refresh_per_second=8
                )
                self._live.start()
        try:
            yield
        except BaseException:
            step.failed = True
            raise
        finally:
            step.ended = time.monotonic()
            with self._lock:
                self._open.remove(step)
                if not self._open and self._live is not None:
                    self._live.stop()
                    self._live = None
                    self._roots.clear()

    def note(self, words: str) -> None:
        with self._lock:
            if self._open:
                self._open[-1].note = visible.spelt(words)

    def _draw(self) -> table.Table:
        grid = table.Table.grid(padding=(0, 1))
        with self._lock:
            for step in self._roots:
                self._rows(grid, step, 0)
        return grid

    def _rows(self, grid: table.Table, step: _Step, depth: int) -> None:
        running = not step.ended
        seconds = (step.ended or time.monotonic()) - step.began
        mark: console.RenderableType = (
            self._spinner
            if running
            else text.Text("x", "red")
            if step.failed
            else text.Text("+", "green")
        )
        line = text.Text("  " * depth + step.title, no_wrap=True, overflow="ellipsis")
        if running and step.note:
            line.append(f"  {step.note}", style="dim")
        grid.add_row(mark, line, text.Text(f"{seconds:.1f} s", style="dim", no_wrap=True))
        for child in step.children:
            self._rows(grid, child, depth + 1)
