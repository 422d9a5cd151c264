"""Engine: the certificate authority, policies, sign-in roles and key pairs of agencies in Vault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from onboarding import environment, item, plan, progress, tenant, vault
from onboarding.engines import witness
from onboarding.engines.vault_pki import evidence as evidence_of
from onboarding.engines.vault_pki import reading, writing
from onboarding.state import chain


class VaultPki:
    """``Engine`` over one connection to Vault under one role of the tool."""

    def __init__(self, target: environment.Environment, role: environment.Role) -> None:
        self._target = target
        self._vault = vault.connect(target, role)

    @property
    def name(self) -> item.EngineName:
        return item.EngineName.VAULT

    @property
    def sent(self) -> dict[str, int]:
        """Requests so far, by ``read`` and ``write``."""
        return dict(self._vault.sent)

    def identity(self) -> str:
        return self._vault.cluster_id()

    def remembered(self, tenant_id: str) -> chain.Head:
        with self._vault as door:
            return witness.read(door, tenant_id)

    def remember(self, tenant_id: str, head: chain.Head) -> None:
        with self._vault as door:
            witness.write(door, tenant_id, head)

    def all_remembered(self) -> tuple[str, ...]:
        with self._vault as door:
            return witness.agencies(door)

    def observe(
        self, tenants: Sequence[tenant.Tenant], *, evidence: bool = False
    ) -> item.Observation:
        read = set(reading.KINDS)
        unread: dict[str, str] = {}
        with self._vault as door:
            known = evidence_of.accessors(door) if evidence else None
            items = reading.observe(door, tenants, self._target)
            found = evidence_of.observe(door, tenants, items, known) if known is not None else None
        if found is not None:
            items = {key: items.get(key, ()) + found.of(key) for key in {*items, *found.items}}
            read |= found.read
            unread = dict(found.unread)
        return item.Observation(items, frozenset(read), unread)

    def apply(
        self,
        of: tenant.Tenant,
        changes: Sequence[plan.Change],
        report: progress.Progress,
        *,
        begin: plan.Begin = plan.unrecorded,
        unfinished: Mapping[str, str] = plan.NOTHING,
    ) -> Iterator[plan.Outcome]:
        if not changes:
            return
        with self._vault as door:
            yield from writing.Writer(door, of, self._target).carry_out(changes, report, begin)
