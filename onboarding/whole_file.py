"""Files that are whole or not there: written beside their place, flushed, then moved into it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def put(path: Path, content: str | bytes, mode: int = 0o600, *, new: bool = False) -> None:
    """Put a file in place in one step; it is private until it has its ``mode``.

    Nothing stays behind where that fails. Raises ``OSError``, with ``new`` ``FileExistsError``
    where something stands there already.
    """
    raw = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(raw)
            out.flush()
            os.fsync(out.fileno())
        beside.chmod(mode)
        if new:
            os.link(beside, path)
        else:
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
