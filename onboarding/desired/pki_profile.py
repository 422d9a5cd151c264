"""Certificate profiles and limits, as data with their sources (``policies/data/pki.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import strict_yaml

PROFILE = "policies/data/pki.yaml"
SECONDS_PER_DAY = 86_400
ISSUES = "issuing-certificates"
"""Usage of an issuer without which it signs no certificate (OpenBao API, PKI: update issuer)."""


def section(name: str) -> Mapping[str, Any]:
    """One part of the profile, e.g. ``signer``; its keys as the file spells them."""
    part: Mapping[str, Any] = strict_yaml.shipped(PROFILE)[name]
    return part


def by_branch(values: Mapping[str, Any], branch: str) -> Any:
    """The value for a branch of the state, or that of ``default``."""
    return values.get(branch, values["default"])
