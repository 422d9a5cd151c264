"""The environment file: one target, how to reach it, who we are there, and its pinned identity.

Paths inside are absolute or relative to the file. Secrets are never in it, only the paths of
0600 files that hold them.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pydantic
from pydantic import alias_generators

API_VERSION = "gdcc.go.th/v1alpha1"


class _Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=alias_generators.to_camel,
        populate_by_name=True,
    )


FilePath = Annotated[Path, pydantic.Field(strict=False)]
Day = Annotated[date, pydantic.Field(strict=False)]


class Role(StrEnum):
    """Under which identity the tool acts; each has the least rights its work needs."""

    BOOTSTRAP = "bootstrap"
    PLANNER = "planner"
    APPLIER = "applier"
    AUDITOR = "auditor"


class VaultLogin(_Model):
    """``token``: ``secret_file`` holds a token. ``approle``: it holds the secret id."""

    method: Literal["token", "approle"]
    role_id: str = ""
    secret_file: FilePath


class KeycloakLogin(_Model):
    """``private-key-jwt``: ``secret_file`` is a PEM key; ``client-secret``: it holds the secret."""

    method: Literal["private-key-jwt", "client-secret"]
    client_id: str
    realm: str = "master"
    secret_file: FilePath


class Credentials(_Model):
    """How one role signs in to each system."""

    kubeconfig: FilePath
    vault: VaultLogin
    keycloak: KeycloakLogin


class Cluster(_Model):
    context: str = ""
    server: str
    ca_file: FilePath
    identity: str = ""
    """UID of the namespace kube-system, which lives as long as the cluster."""
    oidc_prefix: str = "gdcc:"
    pod_security_version: str = "v1.36"
    storage_class: str
    encrypted_storage_classes: tuple[str, ...] = ()
    ingress_class: str = "gdcc"
    gateway_namespace: str = "gdcc-gateway"
    dns_namespace: str = "kube-system"
    egress_cidrs: tuple[str, ...] = ()


class Vault(_Model):
    address: str
    ca_file: FilePath
    identity: str = ""
    """Cluster id of the Vault or OpenBao storage."""
    public_url: str
    """Base URL under which CRL and CA certificates are published (RFC 5280 CDP and AIA)."""


class Keycloak(_Model):
    address: str
    ca_file: FilePath
    identity: str = ""
    """Internal id of the shared realm."""
    shared_realm: str = "gdcc"


class Pulumi(_Model):
    backend: str
    home: FilePath
    command: str = "pulumi"
    passphrase_file: FilePath


class State(_Model):
    store: str


class Images(_Model):
    """Container images by digest (``registry/name@sha256:…``); the registries allowed at all."""

    e_office: str
    allowed_registries: tuple[str, ...]


class Attestation(_Model):
    """What the operator of the cloud states about what tenants cannot see (NT for GDCC)."""

    subject: Literal["encryption-at-rest", "control-plane-audit"]
    statement: str
    by: str
    on: Day


class Environment(_Model):
    """A target of the tool, as one file."""

    api_version: Literal["gdcc.go.th/v1alpha1"] = API_VERSION
    kind: Literal["Environment"] = "Environment"
    name: str
    production: bool
    cluster: Cluster
    vault: Vault
    keycloak: Keycloak
    pulumi: Pulumi
    state: State
    images: Images
    attestations: tuple[Attestation, ...] = ()
    scale: Annotated[float, pydantic.Field(gt=0, le=1)] = 1.0
    """Factor for requests and replicas where the nodes are small; quotas are never scaled."""
    credentials: dict[Annotated[Role, pydantic.Field(strict=False)], Credentials] = {}

    def login(self, role: Role) -> Credentials:
        """Raises KeyError-free: ``errors.UsageError`` names the role that the file lacks."""
        from onboarding import errors

        try:
            return self.credentials[role]
        except KeyError:
            raise errors.UsageError(
                f"environment {self.name!r} has no credentials for the role {role.value!r}",
                resolution=f"Run: onboard bootstrap --environment {self.name}",
            ) from None
