"""Whether what is written to a folder is encrypted before it reaches a disk."""

from __future__ import annotations

import os
from pathlib import Path

_SYS = Path("/sys")


def is_encrypted(folder: Path, sys: Path = _SYS) -> bool:
    """True where dm-crypt (LUKS) is seen below the file system of ``folder`` on every path.

    False also where the kernel does not show what is below, as with btrfs and ZFS.
    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    number = there.stat().st_dev
    device = sys / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}"
    return device.exists() and _crypts(device.resolve())


def _crypts(device: Path) -> bool:
    """A device of sysfs; what it is made of (LVM, RAID) stands in its folder ``slaves``."""
    if _text(device / "dm" / "uuid").startswith("CRYPT-"):
        return True
    if (device / "partition").exists():
        return _crypts(device.parent)
    below = sorted((device / "slaves").glob("*"))
    return bool(below) and all(_crypts(one.resolve()) for one in below)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
