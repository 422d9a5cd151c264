"""Files that are part of the product: policies, profiles, tables."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

from onboarding.strict_yaml.document import loads


@functools.cache
def shipped(place: str) -> Mapping[str, Any]:
    """The content of a file of the package, e.g. ``policies/data/pki.yaml``; read once."""
    text = resources.files("onboarding").joinpath(place).read_text(encoding="utf-8")
    content: Mapping[str, Any] = loads(text, place).value
    return content
