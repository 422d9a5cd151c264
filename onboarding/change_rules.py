"""Rules for paused, renamed, merged and split agencies: data with its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import strict_yaml

FILE = "policies/data/change.yaml"


def value(key: str) -> Any:
    """The value of a rule, e.g. ``pause.longestDays``."""
    return _read()[key]["value"]


def confirm(key: str) -> str:
    """What a person has to confirm about a rule; "" where nothing."""
    return str(_read()[key].get("confirm", ""))


def _read() -> Mapping[str, Any]:
    found: Mapping[str, Any] = strict_yaml.shipped(FILE)["values"]
    return found
