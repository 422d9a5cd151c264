"""Item: one thing an engine holds, as the fields we own.

Desired, observed and applied states are all tuples of items, so that planning, drift and
compliance are comparisons of plain values. An item never holds a secret.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

KNOWN_AFTER_APPLY = "(known after apply)"
"""A desired value that another change of the same run decides; any present value satisfies it."""


class EngineName(StrEnum):
    """The engines, in the fixed order in which they run."""

    VAULT = "vault_pki"
    SSO = "sso"
    CLUSTER = "pulumi_stack"
    INGRESS_TLS = "ingress_tls"
    SETTINGS = "ansible_playbooks"


ENGINE_ORDER: tuple[EngineName, ...] = tuple(EngineName)


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Where an item is: engine, kind, scope (namespace, mount or realm; may be empty), name."""

    engine: EngineName
    kind: str
    scope: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.scope}/{self.name}" if self.scope else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing an engine holds.

    ``fields`` are JSON values. On a desired item they are exactly what we own; on an observed
    item they are everything that was read, without secrets. ``owner`` is the agency id found
    on the live object ("" where it carries none). ``holds_data`` marks what must never be
    replaced or deleted in passing. ``ending``: its system was told to delete it and has not yet,
    and nothing takes that back.
    """

    ref: Ref
    fields: Mapping[str, Any]
    owner: str = ""
    holds_data: bool = False
    ending: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What one engine was seen to hold.

    ``items`` by agency id; the key "" is for what belongs to the environment itself.
    ``read`` names the kinds that were really read: a kind that is absent from it was not seen,
    and nothing may be concluded about it. ``unread`` says why. ``silent``, by agency id, says why
    a kind that was read of others was not of that one.
    """

    items: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)
    read: frozenset[str] = frozenset()
    unread: Mapping[str, str] = field(default_factory=dict)
    silent: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, tenant_id: str) -> tuple[Item, ...]:
        return self.items.get(tenant_id, ())

    def why_unread(self, tenant_id: str, kind: str) -> str:
        """Why things of this kind may be there unseen; "" where nothing is said of it."""
        return self.unread.get(kind, "") or self.silent.get(tenant_id, {}).get(kind, "")


def canonical(value: Any) -> str:
    """Canonical JSON: sorted keys, no white space, UTF-8 text as it is (RFC 8785 in spirit)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def content_hash(value: Any) -> str:
    """SHA-256 over the canonical form, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
