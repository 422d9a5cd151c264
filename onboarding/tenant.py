"""Tenant: who the agency is here. Every name is decided here or in ``tenant_instances``.

Names are deterministic functions of the manifest. A tenant refers to secrets; it holds none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from onboarding import catalogue, errors, links, names, tenant_instances, tenant_link
from onboarding import environment as environments
from onboarding.manifest import drafts, model

SHARED_REALM = "gdcc"
KV_MOUNT = "kv"
CLUSTER_ROLES = ("operator", "viewer")

Instance = tenant_instances.Instance
NamespaceClass = tenant_instances.NamespaceClass


class Phase(StrEnum):
    """Whether an agency works here, is leaving, or has left."""

    PRESENT = "present"
    FROZEN = "frozen"
    """Nobody signs in and nothing is written; everything is still there."""
    GONE = "gone"
    """Only what proves its signatures remains."""


@dataclass(frozen=True, slots=True)
class Signer:
    """An official who may sign external letters (ผู้มีอำนาจลงนามหนังสือภายนอก)."""

    id: str
    common_name: str
    position_th: str
    email: str
    organization: str
    pki_role: str
    authority_from: date
    authority_to: date
    order_ref: str
    draft: bool
    former_organizations: tuple[str, ...] = ()
    """Names that the agency or body had: certificates that say them stay theirs to their end."""

    @property
    def organizations(self) -> tuple[str, ...]:
        """What may stand as O in a standing certificate; the first one in a new certificate."""
        return (self.organization, *self.former_organizations)


@dataclass(frozen=True, slots=True)
class Body:
    """A body of a pooled tenant (หน่วยงานย่อย), e.g. one municipality."""

    id: str
    name_th: str
    users: int
    organization: str = ""
    """O of its officials' certificates."""
    pki_role: str = ""
    ecms_department: str = ""
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A device that may send telemetry; ``name`` stands in its certificate, e.g.
    ``station-01.bus-terminal.dlt.go.th``."""

    id: str
    system: str
    name: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with registers of its own: a shard, a body, or the whole dedicated agency."""

    id: str
    name_th: str
    users: int


@dataclass(frozen=True, slots=True)
class Authority:
    """CN and O of an issuing CA. It keeps them when the agency gets another name: a CA of another
    name is another CA, whose list says nothing about certificates of the first one."""

    common_name: str
    organization: str


@dataclass(frozen=True, slots=True)
class Tenant:
    """One agency, resolved against one environment."""

    id: str
    manifest: model.AgencyMou
    instances: tuple[Instance, ...]
    bodies: tuple[Body, ...]
    signers: tuple[Signer, ...]
    domains: tuple[str, ...]
    # Vault / OpenBao
    pki_mount: str
    kv_mount: str
    kv_prefix: str
    # Keycloak
    realm: str
    own_realm: bool
    organization: str
    # Cluster: roles of people, as the API server names the groups
    groups: tuple[str, ...]
    links: tuple[tenant_link.Link, ...] = ()
    phase: Phase = Phase.PRESENT
    generation: int = 1
    """How many times it has joined; names of what outlives a leaving carry it."""
    authority: Authority | None = None
    """Names of its issuing CA, where it was founded under an earlier name of the agency."""

    def group_subject(self, role: str) -> str:
        """The RBAC subject of a role of this agency: the API server puts ``gdcc:`` before it."""
        return _group_subject(self.id, role)

    @property
    def e_offices(self) -> tuple[Instance, ...]:
        """The instances that have an e-Office inside."""
        return tuple(i for i in self.instances if i.kind == names.E_OFFICE)

    @property
    def signed_in_to(self) -> tuple[Instance, ...]:
        """The instances that people sign in to: each has an OIDC client with a key pair."""
        return tuple(i for i in self.instances if i.host and catalogue.get(i.kind).sign_in)

    @property
    def devices(self) -> tuple[Device, ...]:
        """Every device that a system of the agency takes telemetry from."""
        domain = self.domains[0]
        return tuple(
            Device(device, system.name, names.device(device, system.name, domain))
            for system in self.manifest.systems
            for device in (system.telemetry.devices.all() if system.telemetry else ())
        )

    def system(self, instance: Instance) -> model.System:
        """What the manifest says about the system of an instance."""
        return next(s for s in self.manifest.systems if s.name == instance.system)

    @property
    def agreed_links(self) -> tuple[tenant_link.Link, ...]:
        """The links that both sides declared alike: those that are provisioned."""
        return tuple(link for link in self.links if link.agreed)

    def carries(self, instance: Instance) -> tuple[tenant_link.Link, ...]:
        """The agreed links that run through an instance: only real data, so only production."""
        if instance.environment != names.PRODUCTION:
            return ()
        return tuple(link for link in self.agreed_links if link.system == instance.system)

    def takes_cases(self, instance: Instance) -> bool:
        """Whether cases of a national contact centre come in here, agreed already or not."""
        return instance.environment == names.PRODUCTION and any(
            link.declaration.kind == "intake" and link.receives and link.system == instance.system
            for link in self.links
        )

    def units(self, instance: Instance | None = None) -> tuple[Unit, ...]:
        """Units of ``instance``, or of the whole agency: its shards, its bodies, or itself."""
        tenancy = self.manifest.tenancy
        if tenancy.shards:
            return tuple(
                Unit(shard.id, shard.name_th, shard.users)
                for shard in tenancy.shards
                if instance is None or instance.shard in ("", shard.id)
            )
        if self.bodies:
            return tuple(Unit(body.id, body.name_th, body.users) for body in self.bodies)
        return (Unit(self.id, self.manifest.agency.name_th, self.manifest.users.initial),)

    def environment_names(self) -> tuple[str, ...]:
        """``prod``, ``uat``: as the manifest lists them."""
        return self.manifest.tenancy.environments


def resolve(
    manifest: model.AgencyMou,
    environment: environments.Environment | None = None,
    *,
    declared: links.Declared | None = None,
    peers: Mapping[str, links.Declared] = MappingProxyType({}),
    today: date | None = None,
    former: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    authority: Authority | None = None,
) -> Tenant:
    """Decide every name, size and role of one agency in one environment.

    Without an environment the shared realm has its usual name; nothing else depends on one.
    ``peers`` are the manifests of other agencies by id, ``declared`` is this one with its
    document: a link that its peer did not declare alike is pending. See ``links.judge``.
    ``former`` are earlier names in certificates by body id, those of the agency itself by "";
    ``authority`` the names of its CA where those are earlier ones too.
    Raises errors.InvalidInput for a system that the catalogue does not offer, and for an id
    that is the shared realm's name.
    """
    own_realm = manifest.identity.isolation == "realm"
    shared_realm = environment.keycloak.shared_realm if environment else SHARED_REALM
    if manifest.id == shared_realm:
        raise errors.InvalidInput(
            f"metadata.id {manifest.id!r} is the name of the realm that all agencies share",
            resolution="Choose another id for the agency.",
        )
    bodies = tuple(_body(entry) for entry in manifest.tenancy.sub_tenants)
    return Tenant(
        id=manifest.id,
        manifest=manifest,
        instances=tuple(tenant_instances.resolve(manifest)),
        bodies=bodies,
        signers=tuple(_signers(manifest, bodies, former)),
        domains=manifest.agency.domains,
        pki_mount=names.pki_mount(manifest.id),
        kv_mount=KV_MOUNT,
        kv_prefix=f"{manifest.id}/",
        realm=manifest.id if own_realm else shared_realm,
        own_realm=own_realm,
        organization=manifest.id,
        groups=tuple(_group_subject(manifest.id, role) for role in CLUSTER_ROLES),
        links=tenant_link.resolve(
            declared or links.Declared(manifest),
            peers,
            today=today,
            production=environment is not None and environment.production,
        ),
        authority=authority,
    )


def standing(of: Tenant, phase: Phase, generation: int) -> Tenant:
    """The same agency in another phase, or as it joined for the ``generation``-th time."""
    mount = names.pki_mount(of.id, generation)
    return replace(of, phase=phase, generation=generation, pki_mount=mount)


def _body(entry: model.SubTenant) -> Body:
    return Body(
        id=entry.id,
        name_th=entry.name_th,
        users=entry.users,
        organization=entry.certificate_name or entry.name_th,
        pki_role=names.pki_role(entry.id),
        ecms_department=entry.ecms.department_code if entry.ecms else "",
        draft=drafts.is_draft(entry.name_th),
    )


def _signers(
    manifest: model.AgencyMou, bodies: tuple[Body, ...], former: Mapping[str, tuple[str, ...]]
) -> Iterator[Signer]:
    by_id = {body.id: body for body in bodies}
    agency = manifest.agency
    for entry in manifest.signing.signers if manifest.signing else ():
        body = by_id.get(entry.body or "")
        organization = body.organization if body else agency.certificate_name or agency.name_th
        common_name = unicodedata.normalize("NFC", entry.name_th)
        evidence = (common_name, organization, entry.order_ref, entry.ial_evidence_ref)
        yield Signer(
            id=entry.id,
            common_name=common_name,
            position_th=entry.position_th,
            email=entry.email,
            organization=organization,
            pki_role=body.pki_role if body else names.pki_role(),
            authority_from=entry.authority_from,
            authority_to=entry.authority_to,
            order_ref=entry.order_ref,
            draft=any(drafts.is_draft(text) for text in evidence),
            former_organizations=tuple(
                name for name in former.get(entry.body or "", ()) if name != organization
            ),
        )


def _group_subject(agency: str, role: str) -> str:
    return f"gdcc:{agency}:{role}"
