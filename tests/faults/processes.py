"""Processes of a run, however many sessions they have made."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def began(process: int) -> tuple[int, str]:
    """A process, told apart from a later one of the same number; "" where it lives no more."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return process, ""
    fields = stat.rpartition(")")[2].split()
    return process, "" if fields[0] == "Z" else fields[19]


def tree(root: int) -> set[int]:
    """A process and all its descendants that live."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(stat.parent.name)] = int(fields[1])
    found = {root} & parents.keys()
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def kill_tree(root: int) -> None:
    """``kill -9`` all at once: stopped first, so that none sees another go and cleans up."""
    stopped: set[int] = set()
    while fresh := tree(root) - stopped:
        for process in fresh:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGSTOP)
        stopped |= fresh
    for process in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
