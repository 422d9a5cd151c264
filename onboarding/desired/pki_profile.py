"""Certificate profiles and limits, as data with their sources (``policies/data/pki.yaml``)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

from onboarding import strict_yaml

PROFILE = "policies/data/pki.yaml"
SECONDS_PER_DAY = 86_400


@functools.cache
def section(name: str) -> Mapping[str, Any]:
    """One part of the profile, e.g. ``signer``; its keys as the file spells them."""
    return _whole()[name]


@functools.cache
def _whole() -> Mapping[str, Mapping[str, Any]]:
    source = resources.files("onboarding").joinpath(PROFILE)
    whole: dict[str, Mapping[str, Any]]
    whole = strict_yaml.loads(source.read_text(encoding="utf-8"), PROFILE).value
    return whole


def by_branch(values: Mapping[str, Any], branch: str) -> Any:
    """The value for a branch of the state, or that of ``default``."""
    return values.get(branch, values["default"])
