"""Files that are whole or not there: written beside their place, then moved into it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from onboarding import errors, whole_file


def new(path: Path, text: str) -> None:
    """Write a file that must not be there yet. Raises errors.UsageError."""
    _write(path, text, replace=False)


def replace(path: Path, text: str) -> None:
    """Write a file anew, with the rights of the old one; a link stays one to its target.

    Raises errors.UsageError.
    """
    _write(Path(os.path.realpath(path)), text, replace=True)


def _write(path: Path, text: str, *, replace: bool) -> None:
    try:
        there = replace and path.exists()
        mode = path.stat().st_mode & 0o777 if there else 0o666 & ~_umask()
        whole_file.put(path, text, mode, new=not replace)
    except FileExistsError:
        raise exists(path) from None
    except OSError as failed:
        raise _cannot(path, failed.strerror) from failed


def refuse_unwritable(path: Path) -> None:
    """Say it before anything is asked or worked out. Raises errors.UsageError."""
    if not path.parent.is_dir():
        raise _cannot(path, os.strerror(errno.ENOENT))
    if not os.access(path.parent, os.W_OK):
        raise _cannot(path, os.strerror(errno.EACCES))


def _cannot(path: Path, reason: str | None) -> errors.UsageError:
    return errors.UsageError(
        f"{path} cannot be written: {reason}",
        resolution="Name a file in a folder that exists and that you may write to.",
    )


def exists(path: Path) -> errors.UsageError:
    return errors.UsageError(
        f"{path} exists already", resolution="Name another file, or add --force to replace it."
    )


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
