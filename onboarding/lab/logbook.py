"""Reading what the components of a lab wrote."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from onboarding import errors
from onboarding.lab import home as homes
from onboarding.lab import process, roster

_POLL_SECONDS = 0.5


def read(
    home: homes.Home, component: str | None, *, last: int, follow: bool
) -> Iterator[tuple[str, str]]:
    """Component and line: the ``last`` lines of one log or of all, then new ones as they come.

    Raises ``errors.UsageError`` where the lab has written nothing yet.
    """
    names = [component] if component else list(roster.EVERY)
    files = {name: home.logs / f"{name}.log" for name in names}
    if not any(path.is_file() for path in files.values()):
        raise errors.UsageError(
            f"the lab {home.name!r} has no log of {component or 'any component'}",
            resolution=f"Run: onboard lab up --name {home.name}",
        )
    offsets = {name: path.stat().st_size if path.is_file() else 0 for name, path in files.items()}
    for name, path in files.items():
        for line in process.tail(path, last):
            yield name, line
    while follow:
        time.sleep(_POLL_SECONDS)
        for name, path in files.items():
            lines, offsets[name] = _since(path, offsets[name])
            for line in lines:
                yield name, line


def _since(path: Path, offset: int) -> tuple[list[str], int]:
    """Whole lines written after ``offset``, and where to go on; a log begun anew is read anew."""
    if not path.is_file():
        return [], 0
    if path.stat().st_size < offset:
        offset = 0
    with path.open("rb") as stream:
        stream.seek(offset)
        text = stream.read()
    whole = text[: text.rfind(b"\n") + 1]
    return whole.decode(errors="replace").splitlines(), offset + len(whole)
