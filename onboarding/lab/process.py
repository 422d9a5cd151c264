"""Processes that outlive the command that started them, and are never mistaken for others.

A process is known by its pid, its start time in clock ticks since boot, and the boot id of
the kernel. A recycled pid has another start time, and after a reboot the boot id differs, so
no foreign process is ever signalled. Linux only: all of it is read from /proc.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onboarding import errors

MARKER = "ONBOARD_LAB_COMPONENT"
"""In every component's environment: ``<home>:<component>``; finds what a kill left unrecorded."""

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_LOG_LIMIT = 20 * 1024 * 1024
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells one process from every other, past and future."""

    pid: int
    start_ticks: int
    boot_id: str


def boot_id() -> str:
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int) -> tuple[str, int] | None:
    """State letter and start ticks (fields 3, 22 of proc_pid_stat(5)); None without a process."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(")") + 2 :].split()
    return fields[0], int(fields[19])


def mark(pid: int) -> Mark | None:
    """The mark of a process that is alive now."""
    found = _stat(pid)
    if found is None or found[0] in "ZX":
        return None
    return Mark(pid, found[1], boot_id())


def alive(of: Mark) -> bool:
    return mark(of.pid) == of


def uptime(of: Mark) -> float:
    """Seconds since the process started."""
    since_boot = float((_PROC / "uptime").read_text().split()[0])
    return max(0.0, since_boot - of.start_ticks / _TICKS)


def resident(of: Mark) -> int:
    """Resident memory in bytes, with that of its children; 0 where the process is gone.

    What runs on the real node is the child of the command that entered it.
    """
    if not alive(of):
        return 0
    children = [int(entry.name) for entry in _PROC.iterdir() if _parent(entry) == of.pid]
    return sum(map(_resident, [of.pid, *children]))


def _resident(pid: int) -> int:
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _parent(entry: Path) -> int | None:
    try:
        text = (entry / "stat").read_text() if entry.name.isdigit() else ""
    except OSError:
        return None
    return int(text[text.rindex(")") + 2 :].split()[1]) if text else None


def start(
    argv: Sequence[str], *, environ: Mapping[str, str], folder: Path, log: Path, label: str
) -> Mark:
    """Start a detached process in a session of its own, its output appended to ``log`` (0600).

    It inherits nothing of the caller's environment. Raises ``errors.EngineFailed`` where it
    cannot be started or is gone at once.
    """
    _turn_over(log)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**environ, MARKER: label},
            start_new_session=True,
            umask=0o077,
        )
    except OSError as error:
        raise errors.EngineFailed(
            f"{argv[0]} cannot be started",
            details=[str(error)],
            resolution="Run: onboard lab doctor",
        ) from error
    finally:
        os.close(descriptor)
    found = mark(child.pid)
    if found is None:
        code = child.wait()
        raise errors.EngineFailed(
            f"{Path(argv[0]).name} ended at once with exit code {code}",
            details=tail(log, 12),
            resolution="Run: onboard lab doctor",
        )
    # The child is meant to outlive us: a later poll() reaps it if it ends before that, and the
    # interpreter must not warn about a running child when it forgets the object.
    child.returncode = 0
    return found


def stop(of: Mark, seconds: float) -> None:
    """End a process and its session: SIGTERM, after ``seconds`` SIGKILL.

    Returns at once where the process is gone or the pid now belongs to another one.
    """
    try:
        handle = os.pidfd_open(of.pid)
    except ProcessLookupError:
        return
    try:
        if not alive(of):
            return
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        if wait_gone(of, seconds):
            return
        os.killpg(of.pid, signal.SIGKILL)
        if not wait_gone(of, 10):
            raise errors.EngineFailed(
                f"the process {of.pid} does not end",
                resolution="It waits for the kernel (a stuck disk?); see: dmesg",
            )
    except ProcessLookupError:
        return
    finally:
        os.close(handle)


def wait_gone(of: Mark, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while alive(of):
        if time.monotonic() > deadline:
            return False
        _reap(of.pid)
        time.sleep(0.05)
    _reap(of.pid)
    return True


def _reap(pid: int) -> None:
    """Collect the exit status where the process is our own child; others are their parent's."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def labelled(prefix: str) -> dict[str, Mark]:
    """Processes of this user that carry a marker beginning with ``prefix``, by what follows it.

    Only session leaders count: children of a component inherit the marker.
    """
    wanted = f"{MARKER}={prefix}".encode()
    found: dict[str, Mark] = {}
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
            leader = os.getsid(int(entry.name)) == int(entry.name)
        except OSError:
            continue
        for variable in variables:
            if leader and variable.startswith(wanted):
                seen = mark(int(entry.name))
                if seen:
                    found[variable[len(wanted) :].decode()] = seen
    return found


def tail(log: Path, lines: int) -> list[str]:
    """The last lines of a log; empty where there is none."""
    try:
        with log.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - 64 * 1024))
            text = stream.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-lines:]


def _turn_over(log: Path) -> None:
    """Keep one older log, so that a lab that is restarted for years does not fill the disk."""
    if log.is_file() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(log.suffix + ".1"))
