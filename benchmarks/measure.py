"""Wall time, CPU time and processes of one command, measured from outside."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took: seconds of wall clock and CPU (descendants included), and processes.

    Processes are counted by looking at /proc every few milliseconds: what lives shorter than
    that is missed, so the count is a lower bound.
    """

    wall: float
    cpu: float
    processes: int
    code: int


class _Family(threading.Thread):
    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.members = {root}
        self.stop = False

    def run(self) -> None:
        while not self.stop:
            for entry in Path("/proc").iterdir():
                if not entry.name.isdigit() or int(entry.name) in self.members:
                    continue
                try:
                    parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                except (OSError, IndexError):
                    continue
                if parent in self.members:
                    self.members.add(int(entry.name))
            time.sleep(0.005)


def run(argv: Sequence[str], env: Mapping[str, str], result: Path) -> Cost:
    """Run a command to its end; its stdout replaces ``result``, its stderr is added to ``.err``."""
    with result.open("wb") as out, result.with_suffix(".err").open("ab") as err:
        began = time.monotonic()
        child = subprocess.Popen(argv, env=dict(env), stdout=out, stderr=err)
        family = _Family(child.pid)
        family.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
    family.stop = True
    family.join()
    child.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(wall, cpu, len(family.members), child.returncode)
