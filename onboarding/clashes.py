"""Clashes: what two agencies claim and only one may have (MOU-015)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from onboarding import names, tenant

CLIENT = "namespace or OIDC client"
"""One claim: the client that people sign in by has the name of the namespace."""
BROKER = "identity provider"


@dataclass(frozen=True, slots=True)
class Clash:
    """Agencies that claim the same thing, e.g. one namespace."""

    what: str
    name: str
    agencies: tuple[str, ...]


def found(tenants: Iterable[tenant.Tenant]) -> tuple[Clash, ...]:
    """Everything that two or more agencies claim (MOU-015), sorted.

    Rendered names count, not ids: ``moph`` with a shard ``central`` and an agency
    ``moph-central`` would share a namespace.
    """
    claimed: dict[tuple[str, str], list[str]] = {}
    for of in tenants:
        for what, name in set(claims(of)):
            claimed.setdefault((what, name), []).append(of.id)
    return tuple(
        Clash(what, name, tuple(sorted(agencies)))
        for (what, name), agencies in sorted(claimed.items())
        if len(agencies) > 1
    )


def claims(of: tenant.Tenant) -> Iterator[tuple[str, str]]:
    """Everything that only one agency may have: what it is, and its name."""
    agency = of.manifest.agency
    yield "id", of.id
    yield "PKI mount", of.pki_mount
    yield "realm", of.id if of.own_realm else f"organization {of.organization}"
    if agency.ecms:
        yield "e-CMS department code", agency.ecms.department_code
    if agency.organization_id:
        yield "organization id", agency.organization_id
    for domain in of.domains:
        yield "domain", domain
    for instance in of.instances:
        yield CLIENT, instance.namespace
        if instance.host:
            yield "host", instance.host
    yield from _in_realm(of)
    for body in of.bodies:
        yield "body", body.id
        if body.ecms_department:
            yield "e-CMS department code", body.ecms_department


def _in_realm(of: tenant.Tenant) -> Iterator[tuple[str, str]]:
    """Clients beside those of the instances, and identity providers."""
    for link in of.links:
        yield CLIENT, link.client
    if of.manifest.populations:
        yield CLIENT, names.public_client(of.id)
    for system in of.manifest.systems:
        if system.one_stop_service and system.one_stop_service.juristic_id:
            yield BROKER, names.juristic_broker(of.id, system.name)
