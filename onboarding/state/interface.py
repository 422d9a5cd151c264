"""What a state store promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from onboarding import item


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tenant's journal: ``at`` in UTC (ISO 8601), an event name, its details."""

    at: str
    event: str
    details: dict[str, Any]


class StateStore(Protocol):
    """Keeps, per tenant, what was applied last and what happened. It never holds a secret."""

    def lease(self, tenant_id: str) -> AbstractContextManager[None]:
        """Hold a tenant for one run. Raises ``errors.Refused`` naming the holder."""
        ...

    def applied(self, tenant_id: str) -> tuple[item.Item, ...]:
        """What we wrote last. Raises ``errors.EngineFailed`` where the record is damaged."""
        ...

    def keep_applied(self, tenant_id: str, items: Sequence[item.Item]) -> None: ...

    def keep_manifest(self, tenant_id: str, text: str) -> None:
        """Remember the manifest that a run was made from, as it was written."""
        ...

    def manifests(self) -> Mapping[str, str]:
        """The last manifest of every agency of this environment, by agency id."""
        ...

    def record(self, tenant_id: str, event: str, **details: Any) -> None:
        """Append to the journal; it is on disk when this returns."""
        ...

    def journal(self, tenant_id: str) -> tuple[Entry, ...]: ...

    def tenants(self) -> tuple[str, ...]: ...
