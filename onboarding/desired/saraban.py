"""What law and practice of government correspondence (งานสารบรรณ) say, as one data file."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

from onboarding import strict_yaml

DEFAULTS = "policies/data/eoffice.yaml"


@functools.cache
def defaults() -> Mapping[str, Any]:
    """The defaults by part; every part names its source."""
    text = resources.files("onboarding").joinpath(DEFAULTS).read_text(encoding="utf-8")
    value: dict[str, Any] = strict_yaml.loads(text, DEFAULTS).value
    return value
