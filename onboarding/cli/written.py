"""Files that are whole or not there: written beside their place, then moved into it."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from onboarding import errors


def new(path: Path, text: str) -> None:
    """Write a file that must not be there yet. Raises errors.UsageError."""
    _write(path, text, replace=False)


def replace(path: Path, text: str) -> None:
    """Write a file anew, with the rights of the old one; a link stays one to its target.

    Raises errors.UsageError.
    """
    _write(Path(os.path.realpath(path)), text, replace=True)


def _write(path: Path, text: str, *, replace: bool) -> None:
    beside = ""
    try:
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        there = replace and path.exists()
        Path(beside).chmod(path.stat().st_mode & 0o777 if there else 0o666 & ~_umask())
        if replace:
            Path(beside).replace(path)
        else:
            os.link(beside, path)
    except FileExistsError:
        raise exists(path) from None
    except OSError as failed:
        raise _cannot(path, failed.strerror) from failed
    finally:
        if beside:
            Path(beside).unlink(missing_ok=True)


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
