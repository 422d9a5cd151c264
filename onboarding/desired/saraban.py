"""What law and practice of government correspondence (งานสารบรรณ) say, as one data file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import strict_yaml

DEFAULTS = "policies/data/eoffice.yaml"


def defaults() -> Mapping[str, Any]:
    """The defaults by part; every part names its source."""
    return strict_yaml.shipped(DEFAULTS)
