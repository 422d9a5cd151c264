"""The keys of pipelines: they never leave Vault, which signs for whoever is signed in there."""

from __future__ import annotations

import base64
from typing import Any

from onboarding import environment, errors, vault
from onboarding.identity import assertion

MOUNT = "onboard/pipelines"
"""Transit engine with one key a role of the tool. Two segments: the rights of the applier on the
engines of agencies (``+/sign/+``) must not reach it."""


def key(target: environment.Environment, role: environment.Role) -> assertion.HeldElsewhere:
    """The key of a role, signing under that role's own login at Vault."""
    with vault.connect(target, role) as door:
        pems = public_keys(door, role)
    if not pems:
        raise errors.Denied(
            f"Vault holds no key of pipelines for the role {role.value!r}",
            resolution=f"Run: onboard bootstrap --environment {target.name}",
        )

    def sign(text: str) -> str:
        asked = {
            "input": base64.b64encode(text.encode()).decode(),
            "hash_algorithm": "sha2-256",
            "marshaling_algorithm": "jws",
        }
        with vault.connect(target, role) as door:
            answer = door.sign(f"{MOUNT}/sign/{role.value}", asked)
        return answer.rpartition(":")[2]

    return assertion.HeldElsewhere(pems[-1], sign)


def public_keys(door: vault.Vault, role: environment.Role) -> tuple[str, ...]:
    """The public halves (PEM) of a role's key, oldest version first; none where there is no key."""
    versions: dict[str, Any] = (door.read(f"{MOUNT}/keys/{role.value}") or {}).get("keys") or {}
    return tuple(versions[number]["public_key"] for number in sorted(versions, key=int))
