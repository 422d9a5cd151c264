"""Who holds a lease: in words for a person, and as a process that can be proven dead.

A process is known by its number, its start in clock ticks, the boot of its kernel and the
namespace its number counts in (proc(5)): containers of one computer share the boot, not the
numbers. Only where boot and namespace are our own can we say anything about it.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from pathlib import Path

_PROC = Path("/proc")


def words() -> str:
    """``user@host pid N``, or the job of a pipeline that runs here."""
    job = _job()
    if job:
        return job
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()} pid {os.getpid()}"


def _job() -> str:
    """The pipeline's own name for this run (GitHub Actions, GitLab CI)."""
    given = os.environ
    if given.get("GITHUB_RUN_ID"):
        attempt = given.get("GITHUB_RUN_ATTEMPT", "1")
        repository = given.get("GITHUB_REPOSITORY", "")
        return f"GitHub {repository} run {given['GITHUB_RUN_ID']} attempt {attempt}"
    if given.get("CI_JOB_ID"):
        return f"GitLab {given.get('CI_PROJECT_PATH', '')} job {given['CI_JOB_ID']}"
    return ""


def mark() -> dict[str, str | int]:
    """This process as others can look for it."""
    host = socket.gethostname()
    return {"pid": os.getpid(), "start": _start(os.getpid()) or 0, "host": host, **_here()}


def alive(given: Mapping[str, object]) -> bool | None:
    """Whether the process of a mark lives; None where that cannot be told from here."""
    here = _here()
    if not here["boot"] or any(given.get(key) != value for key, value in here.items()):
        return None
    pid = given.get("pid")
    return isinstance(pid, int) and _start(pid) == given.get("start")


def _here() -> dict[str, str]:
    try:
        return {
            "boot": (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip(),
            "numbers": str((_PROC / "self/ns/pid").readlink()),
        }
    except OSError:  # no /proc: nobody can be proven dead
        return {"boot": "", "numbers": socket.gethostname()}


def _start(pid: int) -> int | None:
    """Start of a process in clock ticks since the boot; None where it has ended."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])
