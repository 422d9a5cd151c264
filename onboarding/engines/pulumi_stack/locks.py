"""Locks that Pulumi leaves in a folder backend: only one of a process proven dead is removed.

Pulumi's own locks never expire, so a killed run would keep its stack locked until a person
cancels it. A lock names process, host and time, which is enough to tell.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib import parse

from onboarding import errors

_LONGEST_WAIT = 20.0
"""Seconds for a run that is just ending, e.g. one whose parent was killed."""
_POLL = 0.25


@dataclass(frozen=True, slots=True)
class Lock:
    """Who holds a stack, by the lock's own words."""

    file: Path
    pid: int
    host: str
    user: str
    since: str


def folder_of(backend: str) -> Path | None:
    """Folder of a ``file://`` backend; None for another kind."""
    url = parse.urlsplit(backend)
    return Path(parse.unquote(url.path)) if url.scheme == "file" else None


def clear(backend: str, project: str, stack: str) -> None:
    """Remove locks of dead processes; raise ``errors.EngineFailed`` where a live one holds it."""
    folder = folder_of(backend)
    if folder is None:
        return
    place = folder / ".pulumi" / "locks" / "organization" / project / stack
    deadline = time.monotonic() + _LONGEST_WAIT
    while True:
        held = [lock for lock in _locks(place) if not _removed(lock)]
        if not held:
            for attributes in place.glob("*.json.attrs"):
                attributes.unlink(missing_ok=True)
            return
        elsewhere = any(lock.host != socket.gethostname() for lock in held)
        if elsewhere or time.monotonic() > deadline:
            raise _busy(stack, held[0])
        time.sleep(_POLL)


def _locks(place: Path) -> Iterator[Lock]:
    for file in sorted(place.glob("*.json")):
        try:
            content = json.loads(file.read_bytes())
            yield Lock(
                file,
                int(content["pid"]),
                str(content["hostname"]),
                str(content["username"]),
                str(content["timestamp"]),
            )
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError):
            yield Lock(file, 0, "an unreadable lock file", "", "")


def _removed(lock: Lock) -> bool:
    if lock.host != socket.gethostname() or alive(lock):
        return False
    lock.file.unlink(missing_ok=True)
    return True


def alive(lock: Lock) -> bool:
    """A process of that number that began before the lock was written."""
    try:
        fields = Path(f"/proc/{lock.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    except OSError:
        return False
    ticks = int(fields.split()[19])
    began = time.time() - uptime + ticks / os.sysconf("SC_CLK_TCK")
    try:
        locked = datetime.fromisoformat(lock.since).timestamp()
    except ValueError:
        return True
    # A process that began after the lock only reuses the number; clocks may differ a little.
    return began <= locked + 2


def _busy(stack: str, lock: Lock) -> errors.EngineFailed:
    return errors.EngineFailed(
        f"another run is writing the stack {stack!r}",
        details=[f"process {lock.pid} of {lock.user} on {lock.host}, since {lock.since}"],
        resolution="Wait for it to end. If it is certainly dead on that host, remove its lock:"
        f" {lock.file}",
    )
