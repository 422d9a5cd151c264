"""What every item of Keycloak is made with: its reference, the marks of its owner, the policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import item, labels, strict_yaml

POLICY = "policies/data/identity.yaml"


def policy() -> Mapping[str, Any]:
    """What we set in a realm, from the policy file."""
    return strict_yaml.shipped(POLICY)


def marks(owner: str) -> dict[str, str]:
    """The attributes by which an object is known as ours."""
    return {labels.AGENCY: owner, labels.MANAGED_BY: labels.MANAGER}


def list_marks(owner: str) -> dict[str, list[str]]:
    """The same for groups and organizations, whose attributes are lists."""
    return {key: [value] for key, value in marks(owner).items()}


def text_mark(owner: str) -> str:
    """The same for what has no attributes but a description (a flow)."""
    return " ".join(f"{key}={value}" for key, value in marks(owner).items())


def ref(kind: str, realm: str, name: str) -> item.Ref:
    return item.Ref(item.EngineName.SSO, kind, realm, name)
