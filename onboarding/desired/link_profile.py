"""What an agreed link gets, as data with its sources (``policies/data/links.yaml``)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

from onboarding import strict_yaml

PROFILE = "policies/data/links.yaml"


@functools.cache
def section(name: str) -> Mapping[str, Any]:
    """One part of the profile, e.g. ``gateway``; its keys as the file spells them."""
    return _whole()[name]


@functools.cache
def _whole() -> Mapping[str, Mapping[str, Any]]:
    source = resources.files("onboarding").joinpath(PROFILE)
    whole: dict[str, Mapping[str, Any]]
    whole = strict_yaml.loads(source.read_text(encoding="utf-8"), PROFILE).value
    return whole
