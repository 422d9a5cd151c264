"""What only one agency may have, as manifests of a folder claim it, and where it stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from onboarding import clashes, errors, names, strict_yaml, tenant
from onboarding.manifest import model

ID = "id"
NAME = "name"
_DERIVED = ("host", "PKI mount", "realm")
"""Made from an id or domain that is claimed itself: telling both would tell one thing twice."""


class Claim(NamedTuple):
    """``what`` is claimed (``domain``), and its ``name`` (``moph.go.th``)."""

    what: str
    name: str


class Place(NamedTuple):
    """Where ``agency`` makes a claim."""

    agency: str
    at: errors.Problem

    def told(self) -> str:
        return f"{self.agency} ({self.at.where()})"


def of(tenant_of: tenant.Tenant) -> Iterator[Claim]:
    """Everything the agency claims. A body's id counts like an agency's: it is one or the other.

    Names are claimed too; two equal ones are no clash, but may be one agency written down twice.
    """
    for what, name in clashes.claims(tenant_of):
        if what not in _DERIVED:
            yield Claim(ID if what == "body" else what, name)
    agency = tenant_of.manifest.agency
    yield Claim(NAME, _named(agency.province_code, agency.name_th))
    for body in tenant_of.bodies:
        if not body.draft:
            yield Claim(NAME, _named(agency.province_code, body.name_th))


def place(tenant_of: tenant.Tenant, document: strict_yaml.Document, claim: Claim) -> Place:
    """The line of a claim in the manifest that makes it."""
    at = strict_yaml.problem(document, model.AgencyMou, _path(tenant_of, claim), "")
    return Place(tenant_of.id, at)


def clash(later: Place, first: Place, claim: Claim) -> errors.Problem:
    """Two manifests that claim the same thing, told at the later one."""
    if later.agency == first.agency and claim.what == ID:
        message = (
            f"the agency {claim.name!r} is claimed by another manifest too: {first.at.where()}"
        )
        return _at(later, message, "give one of them another id, or remove one of the files")
    message = f"{claim.what} {claim.name!r} is claimed by {first.told()} too"
    return _at(later, message, "give one of them another value")


def alike(later: Place, first: Place) -> errors.Problem:
    """Two names that are the same: perhaps one body that was written down twice."""
    message = f"has the same name and province as one of {first.told()}"
    return _at(later, message, "make sure that it is not the same body twice")


def _at(later: Place, message: str, remedy: str) -> errors.Problem:
    at = later.at
    return errors.Problem(at.path, at.line, at.column, at.field, message, remedy)


def _named(province: str, name_th: str) -> str:
    return f"{province} {name_th}"


def _path(tenant_of: tenant.Tenant, claim: Claim) -> strict_yaml.KeyPath:
    of_manifest = tenant_of.manifest
    agency, bodies = of_manifest.agency, of_manifest.tenancy.sub_tenants
    found: dict[Claim, strict_yaml.KeyPath] = {
        Claim(ID, tenant_of.id): ("metadata", "id"),
        Claim(NAME, _named(agency.province_code, agency.name_th)): ("agency", "nameTh"),
        Claim("organization id", agency.organization_id or ""): ("agency", "organizationId"),
    }
    if agency.ecms:
        code = Claim("e-CMS department code", agency.ecms.department_code)
        found[code] = ("agency", "ecms", "departmentCode")
    for index, domain in enumerate(agency.domains):
        found[Claim("domain", domain)] = ("agency", "domains", index)
    for index, link in enumerate(tenant_of.links):
        found[Claim(clashes.CLIENT, link.client)] = ("links", index, "id")
    for index, system in enumerate(of_manifest.systems):
        broker = Claim(clashes.BROKER, names.juristic_broker(tenant_of.id, system.name))
        found[broker] = ("systems", index, "name")
    for index, body in enumerate(bodies):
        start: strict_yaml.KeyPath = ("tenancy", "subTenants", index)
        found.setdefault(Claim(ID, body.id), (*start, "id"))
        found.setdefault(
            Claim(NAME, _named(agency.province_code, body.name_th)), (*start, "nameTh")
        )
        if body.ecms:
            code = Claim("e-CMS department code", body.ecms.department_code)
            found.setdefault(code, (*start, "ecms", "departmentCode"))
    return found.get(claim) or _behind_namespace(tenant_of, claim.name)


def _behind_namespace(tenant_of: tenant.Tenant, namespace: str) -> strict_yaml.KeyPath:
    """What a namespace got its name from: a shard's id, a system's name, or the agency's id."""
    tenancy, systems = tenant_of.manifest.tenancy, tenant_of.manifest.systems
    for instance in tenant_of.instances:
        if instance.namespace == namespace:
            shards = [shard.id for shard in tenancy.shards]
            if instance.shard in shards:
                return ("tenancy", "shards", shards.index(instance.shard), "id")
            named = [system.name for system in systems]
            return ("systems", named.index(instance.system), "name")
    return ("metadata", "id")
