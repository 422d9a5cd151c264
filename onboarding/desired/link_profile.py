"""What an agreed link gets, as data with its sources (``policies/data/links.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import strict_yaml

PROFILE = "policies/data/links.yaml"


def section(name: str) -> Mapping[str, Any]:
    """One part of the profile, e.g. ``gateway``; its keys as the file spells them."""
    part: Mapping[str, Any] = strict_yaml.shipped(PROFILE)[name]
    return part
