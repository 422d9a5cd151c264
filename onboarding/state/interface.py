"""What a state store promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from onboarding import item


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tenant's journal: ``at`` in UTC (ISO 8601), an event name, its details.

    ``seq`` counts from 1; ``hash`` covers the record and, through it, all before it. ``fence`` is
    that of the lease under which it was written (0 outside any), ``by`` its holder in words.
    """

    at: str
    event: str
    details: dict[str, Any]
    seq: int = 0
    hash: str = ""
    fence: int = 0
    by: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one tenant: by whom it is held, until when, and its fencing number.

    ``fence`` grows with every holder, so that a write of an earlier one can be told and refused.
    ``ends`` moves on while the holder lives and renews it.
    """

    tenant_id: str
    owner: str
    fence: int
    ends: datetime


class StateStore(Protocol):
    """Keeps, per tenant, what was applied last and what happened. It never holds a secret."""

    def lease(self, tenant_id: str) -> AbstractContextManager[Lease]:
        """Hold a tenant for one run. Raises ``errors.Refused`` naming the holder.

        While it is held, everything this store writes for the tenant is refused with
        ``errors.LeaseLost`` once another holder has taken over.
        """
        ...

    def holder(self, tenant_id: str) -> Lease | None:
        """Who holds a tenant now; None where nobody does, or the holder is proven dead."""
        ...

    def check_lease(self, tenant_id: str) -> None:
        """Raise ``errors.LeaseLost`` unless this store holds the tenant still.

        Called before every write to a live system.
        """
        ...

    def applied(self, tenant_id: str) -> tuple[item.Item, ...]:
        """What we wrote last. Raises ``errors.EngineFailed`` where the record is damaged."""
        ...

    def keep_applied(self, tenant_id: str, items: Sequence[item.Item]) -> None: ...

    def keep_manifest(self, tenant_id: str, text: str) -> None:
        """Remember the manifest that a run was made from, as it was written."""
        ...

    def manifest(self, tenant_id: str) -> str | None:
        """The last manifest of one agency; None where there is none.

        Raises ``errors.EngineFailed`` on damage.
        """
        ...

    def manifests(self) -> Mapping[str, str]:
        """The last manifest of every agency of this environment, by agency id.

        Each is the version that the journal names last: every journal is read for that, but its
        links are not checked here; ``journal`` and ``onboard state verify`` do that.
        """
        ...

    def keep(self, tenant_id: str, name: str, document: Mapping[str, Any]) -> None:
        """Put a document (JSON values, e.g. ``approval-<digest>``) in place in one step."""
        ...

    def kept(self, tenant_id: str, name: str) -> dict[str, Any] | None:
        """A document; None where there is none. Raises ``errors.EngineFailed`` on damage."""
        ...

    def kept_by(self, name: str) -> Mapping[str, dict[str, Any]]:
        """By agency the document of that name, of all that keep one; read as in ``manifests``."""
        ...

    def kept_names(self, tenant_id: str) -> tuple[str, ...]:
        """The names of all documents of a tenant, sorted."""
        ...

    def forget(self, tenant_id: str, name: str) -> None:
        """Remove a document; one that is not there is no error."""
        ...

    def record(self, tenant_id: str, event: str, **details: Any) -> None:
        """Append to the journal; it is on disk when this returns."""
        ...

    def journal(self, tenant_id: str) -> tuple[Entry, ...]:
        """What happened, in order; every link of the chain was checked.

        Raises ``errors.EngineFailed`` where the journal is damaged or shorter than it was.
        Records of the store's own (which document counts) are left out: numbers have gaps.
        """
        ...

    def tenants(self) -> tuple[str, ...]: ...
