"""What of a live system's values may stand in a plan, which people pass around.

What we write holds no secret. What a hand wrote into our objects may.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding.strict_yaml import private

HIDDEN = "(not shown)"
FOREIGN = "(set by others, not shown)"


def shown(path: str, live: Any, *, wanted: Any) -> Any:
    """``live``, the value found at ``path``, without what must not be shown.

    A value that we never set (``wanted`` is None) is not shown at all: nobody knows what it is.
    """
    if live is None:
        return None
    if wanted is None:
        return FOREIGN
    return _discreet(path.rpartition(".")[2], live)


def _discreet(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        # Kubernetes writes pairs as {name: PASSWORD, value: …}.
        named = str(value.get("name", ""))
        return {k: _discreet(named if k == "value" else k, v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_discreet(key, one) for one in value]
    if isinstance(value, str) and private.found(f"{key}: {value}"):
        return HIDDEN
    return value
