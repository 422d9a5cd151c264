"""Child processes of a build: in a group of their own, logged, and stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onboarding import errors

_POLL_SECONDS = 0.2
_GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Ended:
    """Exit status and the CPU seconds used by the process and its descendants."""

    status: int
    cpu_seconds: float


def run(
    arguments: Sequence[str],
    *,
    log: Path,
    stop: threading.Event,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    watch: Callable[[], None] = lambda: None,
) -> Ended:
    """Runs to the end with all output appended to ``log``; calls ``watch`` while it runs.

    When ``stop`` is set, and on any exception, the whole group is ended before this returns.
    Raises ``errors.Interrupted`` when stopped, OSError when it cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"$ {' '.join(arguments)}\n".encode())
        output.flush()
        child = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    ended: Ended | None = None
    try:
        while ended is None:
            stopped = stop.wait(_POLL_SECONDS)
            ended = _poll(child)
            watch()
            if stopped and ended is None:
                raise errors.Interrupted(f"{Path(arguments[0]).name} was stopped")
    finally:
        if ended is None:
            _end_group(child)
    return ended


def output(log: Path, start: int = 0) -> str:
    """What was logged from the byte ``start`` on."""
    with log.open("rb") as handle:
        handle.seek(start)
        return handle.read().decode(errors="replace")


def _poll(child: subprocess.Popen[bytes]) -> Ended | None:
    # wait4 rather than Popen.poll: only it tells the CPU time of this very child.
    pid, status, used = os.wait4(child.pid, os.WNOHANG)
    if pid == 0:
        return None
    child.returncode = os.waitstatus_to_exitcode(status)
    return Ended(child.returncode, used.ru_utime + used.ru_stime)


def _end_group(child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _GRACE_SECONDS
    _signal_group(child.pid, signal.SIGTERM)
    while _poll(child) is None:
        if time.monotonic() > deadline:
            _signal_group(child.pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)
    # Members that outlived their leader.
    _signal_group(child.pid, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return
