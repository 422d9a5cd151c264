"""What a stack's stored state says about secrets: how they are kept, whether one is readable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onboarding import environment, errors, item, tenant
from onboarding.engines.pulumi_stack import backend, command

KIND = "StackState"
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_SECRET_TYPE = "kubernetes:core/v1:Secret"  # noqa: S105 - the type of a resource
_ENCRYPTED = "4dabf18193072939515e22adb298388d"
"""Key by which Pulumi marks an encrypted value in its state."""


def states(
    target: environment.Environment, tenants: Sequence[tenant.Tenant]
) -> Iterator[tuple[str, item.Item]]:
    """One item for each stack there is: ``secretsProvider`` (its type, e.g. ``passphrase``),
    ``resources`` and ``plaintextSecrets`` (how many resources hold a readable secret).

    Raises ``errors.Denied`` where the backend cannot be read.
    """
    place = backend.stored(target.pulumi)
    for of in tenants:
        name = backend.checkpoint_name(command.PROJECT, of.id)
        try:
            raw = place.read(name)
            if raw is None:
                continue
            stored = json.loads(raw)
        except (errors.OnboardError, ValueError) as unreadable:
            raise errors.Denied(f"{name} cannot be read: {unreadable}") from unreadable
        ref = item.Ref(item.EngineName.CLUSTER, KIND, "", of.id)
        yield of.id, item.Item(ref, facts(stored))


def facts(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of ``StackState`` for one stored checkpoint; no value of it is passed on."""
    latest = (stored.get("checkpoint") or {}).get("latest") or {}
    resources = latest.get("resources") or ()
    return {
        "secretsProvider": (latest.get("secrets_providers") or {}).get("type", ""),
        "resources": len(resources),
        "plaintextSecrets": sum(_readable(resource) for resource in resources),
    }


def _readable(resource: Mapping[str, Any]) -> bool:
    held = [resource.get("inputs") or {}, resource.get("outputs") or {}]
    if _PRIVATE_KEY.search(json.dumps(held)):
        return True
    if resource.get("type") != _SECRET_TYPE:
        return False
    values = [part.get(key) for part in held for key in ("data", "stringData")]
    return any(value and _ENCRYPTED not in value for value in values)
