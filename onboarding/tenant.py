"""Tenant: who the agency is here. Every name is decided in this module and nowhere else.

Names are deterministic functions of the manifest. A tenant refers to secrets; it holds none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from onboarding import sizing
from onboarding.manifest import model


class NamespaceClass(StrEnum):
    """How strictly a namespace is fenced: ``sensitive`` for data of PDPA s.26 (health)."""

    STANDARD = "standard"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class Instance:
    """One system of an agency in one environment and shard, alone in its namespace."""

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


@dataclass(frozen=True, slots=True)
class Body:
    """A body of a pooled tenant (หน่วยงานย่อย), e.g. one municipality."""

    id: str
    name_th: str
    users: int


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

    def group_subject(self, role: str) -> str:
        """The RBAC subject of a role of this agency: the API server puts ``gdcc:`` before it."""
        return f"gdcc:{self.id}:{role}"
