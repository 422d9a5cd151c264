"""Another clock for single processes; the systems that they ask keep theirs."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def settings(**more: str) -> dict[str, str]:
    """Variables of a process whose clock libfaketime shifts (``FAKETIME="+1h"``).

    Its waits, which are measured by another clock, stay right.
    """
    found = importlib.util.find_spec("libfaketime")
    assert found is not None
    assert found.origin is not None
    library = Path(found.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
    return {"LD_PRELOAD": str(library), "FAKETIME_DONT_FAKE_MONOTONIC": "1", **more}
