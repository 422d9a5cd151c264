"""The instances of an agency: each system in each environment and shard, alone in its namespace.

Pure: names and sizes follow from the manifest and the catalogue alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from onboarding import catalogue, names, sizing
from onboarding.manifest import model


class NamespaceClass(StrEnum):
    """How strictly a namespace is fenced: ``sensitive`` for data of PDPA s.26 (health)."""

    STANDARD = "standard"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class Instance:
    """One system of an agency in one environment and shard, alone in its namespace.

    ``host`` is "" where the system has no ingress.
    """

    system: str
    kind: str
    environment: str
    shard: str
    namespace: str
    namespace_class: NamespaceClass
    host: str
    users: int
    size: sizing.Size
    service_account: str
    ingress: catalogue.Ingress

    @property
    def workload(self) -> str:
        """Name of its workload and, with suffixes, of what belongs to it."""
        return names.E_OFFICE if self.kind == names.E_OFFICE else self.system

    @property
    def sensitive(self) -> bool:
        return self.namespace_class is NamespaceClass.SENSITIVE

    @property
    def strong_sign_in(self) -> bool:
        """Whether nobody gets in below authenticator level 2, whatever a client asks for."""
        return self.sensitive or catalogue.get(self.kind).least_aal >= 2

    @property
    def has_settings(self) -> bool:
        """Whether settings are delivered; sensitive data always brings an access log."""
        return self.sensitive or catalogue.get(self.kind).settings


def resolve(manifest: model.AgencyMou) -> Iterator[Instance]:
    """Every instance that a manifest asks for, in the order of its systems."""
    domain = manifest.agency.domains[0]
    for system in manifest.systems:
        entry = catalogue.get(system.kind)
        personal = system.personal_data
        sensitive = entry.sensitive or bool(personal and personal.sensitive)
        klass = NamespaceClass.SENSITIVE if sensitive else NamespaceClass.STANDARD
        ingress = _ingress(system, entry)
        reached = ingress is not catalogue.Ingress.NONE
        for environment in manifest.tenancy.environments:
            production = environment == names.PRODUCTION
            for shard, all_users in _places(manifest, system, entry):
                users = all_users if production else sizing.non_production_users(all_users)
                parts = (manifest.id, shard, environment, system.name, system.kind)
                yield Instance(
                    system=system.name,
                    kind=system.kind,
                    environment=environment,
                    shard=shard,
                    namespace=names.namespace(*parts),
                    namespace_class=klass,
                    host=f"{names.host_label(*parts)}.{domain}" if reached else "",
                    users=users,
                    size=_size(system, users, production=production),
                    service_account=system.name,
                    ingress=ingress,
                )


def _size(system: model.System, users: int, *, production: bool) -> sizing.Size:
    """By users, and by what the options of the system ask for beside."""
    size = sizing.size(users)

    def share(value: int) -> int:
        return value if production else sizing.non_production_users(value)

    sent, held = system.telemetry, system.data_platform
    if sent:
        series = share(sent.series_quota)
        rate, days = sent.rate_limit_per_minute, sent.retention_days
        size = sizing.with_telemetry(size, series, rate, days)
    return sizing.with_storage(size, share(held.storage_gi)) if held else size


def _ingress(system: model.System, entry: catalogue.Entry) -> catalogue.Ingress:
    if system.restricted and system.restricted.ingress == "internal":
        return catalogue.Ingress.INTERNAL
    if system.public and entry.ingress is catalogue.Ingress.INTERNAL:
        return catalogue.Ingress.PUBLIC
    return entry.ingress


def _places(
    manifest: model.AgencyMou, system: model.System, entry: catalogue.Entry
) -> Iterator[tuple[str, int]]:
    """Shard ("" for none) and users that each instance of ``system`` in production serves."""
    tenancy = manifest.tenancy
    override = tenancy.sizing_override
    if entry.per_shard and tenancy.shards:
        total = sum(shard.users for shard in tenancy.shards)
        for shard in tenancy.shards:
            users = shard.users
            if override:
                users = -(-override.users * shard.users // total)
            yield shard.id, users
    elif system.users is not None:
        yield "", system.users
    else:
        yield "", override.users if override else manifest.users.initial
