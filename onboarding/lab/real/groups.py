"""Control groups of the lab's pods: made before the node, cleared away after its end.

They are the one thing of a node that does not end with its namespaces.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from onboarding import errors

_ROOT = Path("/sys/fs/cgroup")
_PAUSE_SECONDS = 0.1


def make(name: str) -> None:
    """The group in each hierarchy (version 1), or in the one there is (version 2)."""
    for tree in _trees():
        (tree / name).mkdir(exist_ok=True)


def remove(name: str, seconds: float = 20) -> None:
    """End what is left in the group and remove it with all below; nothing where there is none.

    Raises ``errors.EngineFailed`` where something of it is still there after ``seconds``.
    """
    deadline = time.monotonic() + seconds
    while left := [path for path in found(name) if not _removed(path)]:
        for pid in members(name):
            _kill(pid)
        if time.monotonic() > deadline:
            raise errors.EngineFailed(
                f"control groups of the lab are still in use: {left[0]}",
                details=[f"process {pid}" for pid in sorted(members(name))],
                resolution="A process that does not end waits for the kernel; see: dmesg",
            )
        time.sleep(_PAUSE_SECONDS)


def found(name: str) -> list[Path]:
    """Where the group is."""
    return [tree / name for tree in _trees() if (tree / name).is_dir()]


def members(name: str) -> set[int]:
    """Processes anywhere below the group."""
    pids: set[int] = set()
    for top in found(name):
        for procs in top.rglob("cgroup.procs"):
            try:
                pids.update(int(line) for line in procs.read_text().split())
            except OSError:
                continue
    return pids


def _trees() -> Iterator[Path]:
    if (_ROOT / "cgroup.controllers").exists():
        yield _ROOT
        return
    for tree in sorted(_ROOT.iterdir()):
        if not tree.is_symlink() and (tree / "cgroup.procs").exists():
            yield tree


def _removed(top: Path) -> bool:
    for folder, _, _ in os.walk(top, topdown=False):
        try:
            Path(folder).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
