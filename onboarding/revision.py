"""The git revision a file stands in, where there is one."""

from __future__ import annotations

import subprocess
from pathlib import Path

_LONGEST = 10.0
CHANGED = "+changed"


def of(file: Path) -> str:
    """Commit of the file's folder, with ``+changed`` where the file differs from it; else ""."""
    folder = file.resolve().parent
    head = _git(folder, "rev-parse", "--verify", "HEAD")
    if not head:
        return ""
    return head + (CHANGED if _git(folder, "status", "--porcelain", "--", file.name) else "")


def _git(folder: Path, *words: str) -> str:
    try:
        ended = subprocess.run(
            ["git", "-C", str(folder), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout.strip() if ended.returncode == 0 else ""
