"""What the safety rules compare with, as data: ``policies/data/safety.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding.policies import load

FILE = "safety.yaml"


def threshold(name: str) -> Any:
    return load.read(FILE)["thresholds"][name]["value"]


def approver(rule: str) -> Mapping[str, Any]:
    """``{role, always}`` of a rule that a second person allows; empty where none is asked."""
    found: Mapping[str, Any] = load.read(FILE)["approvers"].get(rule, {})
    return found


def rows(name: str) -> Mapping[str, Any]:
    """A table by kind, e.g. ``replaced`` or ``settings``."""
    found: Mapping[str, Any] = load.read(FILE)[name]
    return found
