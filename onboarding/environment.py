"""The environment file: one target, how to reach it, who we are there, and its pinned identity.

Paths inside are absolute or relative to the file. Secrets are never in it, only the paths of
0600 files that hold them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib import parse

import platformdirs
import pydantic
import yaml

from onboarding import environment_parts, errors, strict_yaml, whole_file

FilePath = environment_parts.FilePath
Day = environment_parts.Day
Role = environment_parts.Role
VaultLogin = environment_parts.VaultLogin
Timeouts = environment_parts.Timeouts
LetterExchange = environment_parts.LetterExchange
EOffice = environment_parts.EOffice
Probes = environment_parts.Probes
ProbePod = environment_parts.ProbePod
Run = environment_parts.Run
Pipelines = environment_parts.Pipelines
Approver = environment_parts.Approver


class KeycloakLogin(environment_parts.Model):
    """``private-key-jwt``: ``secret_file`` is a PEM key; ``client-secret``: it holds the secret.

    ``vault-signed-jwt``: the key never leaves Vault, which signs for whoever is signed in there;
    ``secret_file`` is the role's own token for Vault.
    """

    method: Literal["private-key-jwt", "client-secret", "vault-signed-jwt"]
    client_id: str
    realm: str = "master"
    secret_file: FilePath


class Credentials(environment_parts.Model):
    """How one role signs in to each system."""

    kubeconfig: FilePath
    vault: VaultLogin
    keycloak: KeycloakLogin


class PublicSites(environment_parts.Model):
    """The gateway for systems that are open to the public, as its operator runs it."""

    ingress_class: str
    annotations: dict[str, str]
    """What an Ingress carries so that the web application firewall stands before it."""
    least_tls: Literal["1.2", "1.3"]
    hsts_seconds: int


class Cluster(environment_parts.Model):
    context: str = ""
    server: str
    ca_file: FilePath
    identity: str = ""
    """UID of the namespace kube-system, which lives as long as the cluster."""
    oidc_prefix: str = "gdcc:"
    pod_security_version: str = "v1.36"
    storage_class: str
    encrypted_storage_classes: tuple[str, ...] = ()
    plain_storage_classes: tuple[str, ...] = ()
    """Classes without encryption; sensitive namespaces get no room in them."""
    ingress_class: str = "gdcc"
    public_sites: PublicSites | None = None
    """Without it no system may be open to the public."""
    gateway_namespace: str = "gdcc-gateway"
    dns_namespace: str = "kube-system"
    internal_ingress_class: str = ""
    """Ingress class of a gateway that no public address leads to; "" where there is none."""
    node_pools: tuple[str, ...] = ()
    """Pools of dedicated nodes: labelled and tainted ``gdcc.go.th/pool=<name>``."""
    egress_cidrs: tuple[str, ...] = ()


class Vault(environment_parts.Model):
    address: str
    ca_file: FilePath
    identity: str = ""
    """Cluster id of the Vault or OpenBao storage."""
    public_url: str
    """Base URL under which CRL and CA certificates are published (RFC 5280 CDP and AIA)."""


class Keycloak(environment_parts.Model):
    address: str
    ca_file: FilePath
    identity: str = ""
    """Internal id of the shared realm."""
    shared_realm: str = "gdcc"


class Pulumi(environment_parts.Model):
    backend: str
    """``file:///folder``, ``postgres://user@host/database``, ``s3://bucket/prefix?endpoint=…``"""
    credentials_file: FilePath | None = None
    """As ``State.credentials_file``."""
    ca_file: FilePath | None = None
    home: FilePath
    command: str = "pulumi"
    passphrase_file: FilePath


class State(environment_parts.Model):
    store: str
    """``file:///folder``, ``postgresql://user@host/database?schema=…``, or
    ``s3://bucket/prefix?endpoint=https://…&region=…``; never with a password in it."""
    credentials_file: FilePath | None = None
    """Mode 0600. PostgreSQL: a password file as libpq reads it. S3: a credentials file as AWS has
    it. Without one the workload's own identity is used."""
    ca_file: FilePath | None = None
    """CA of the server's certificate, where it is not a public one."""
    lease_seconds: Annotated[float, pydantic.Field(ge=5, le=3600, strict=False)] = 60.0
    """How long an agency stays held by a run that was cut off on another computer."""
    folder: FilePath | None = None
    """Where hand-over kits and logs go on this computer; without it beside a store of files,
    else in the user's data folder."""


class Images(environment_parts.Model):
    """Container images by digest (``registry/name@sha256:…``); the registries allowed at all."""

    e_office: str
    others: dict[str, str] = pydantic.Field(default_factory=dict)
    """Images of the systems beside the e-Office, by kind; one without an image gets no pods."""
    allowed_registries: tuple[str, ...]

    def of(self, kind: str) -> str:
        """Image of a kind of system; "" where the file names none."""
        return self.e_office if kind == "e-office" else self.others.get(kind, "")


class Attestation(environment_parts.Model):
    """What the operator of the cloud states about what tenants cannot see (NT for GDCC).

    ``backup``: that records are backed up every day, encrypted and in Thailand; ``on`` is the day
    on which a backup was last restored to try it.
    """

    subject: Literal["encryption-at-rest", "control-plane-audit", "backup"]
    statement: str
    by: str
    on: Day


class Environment(environment_parts.Model):
    """A target of the tool, as one file."""

    api_version: Literal["gdcc.go.th/v1alpha1"] = "gdcc.go.th/v1alpha1"
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
    approvers: tuple[Approver, ...] = ()
    pipelines: Pipelines | None = None
    e_office: EOffice | None = None
    letter_exchange: LetterExchange | None = None
    probes: Probes = Probes()
    scale: Annotated[float, pydantic.Field(gt=0, le=1)] = 1.0
    """Factor for requests and replicas where the nodes are small; quotas are never scaled."""
    timeouts: Timeouts = Timeouts()
    credentials: dict[Annotated[Role, pydantic.Field(strict=False)], Credentials] = pydantic.Field(
        default_factory=dict
    )

    @pydantic.field_validator("approvers")
    @classmethod
    def _different_persons(cls, approvers: tuple[Approver, ...]) -> tuple[Approver, ...]:
        for name, values in (
            ("identity", [a.identity.casefold() for a in approvers]),
            ("key", [" ".join(a.key.split()[:2]) for a in approvers]),
        ):
            if len(set(values)) < len(values):
                raise ValueError(f"two approvers have the same {name}")
        return approvers

    def login(self, role: Role) -> Credentials:
        """The credentials of a role. Raises ``errors.UsageError`` where the file has none."""
        try:
            return self.credentials[role]
        except KeyError:
            raise errors.UsageError(
                f"environment {self.name!r} has no credentials for the role {role.value!r}",
                resolution=f"Run: onboard bootstrap --environment {self.name}",
            ) from None

    def pins(self) -> dict[str, str]:
        """The pinned identity of each system; what a plan's digest covers as its target."""
        return {
            "cluster": self.cluster.identity,
            "vault": self.vault.identity,
            "keycloak": self.keycloak.identity,
        }

    def store(self) -> Path:
        """Folder on this computer for hand-over kits and logs; that of a store of files."""
        if self.state.folder is not None:
            return self.state.folder
        if self.state.store.startswith("file://"):
            return folder_of(self.state.store)
        return platformdirs.user_data_path("onboard") / "environments" / self.name


def folder_of(url: str) -> Path:
    """The folder of a ``file://`` URL."""
    return Path(parse.unquote(parse.urlsplit(url).path))


def labs_folder() -> Path:
    """Where labs keep their data, one folder a lab."""
    return platformdirs.user_data_path("onboard") / "labs"


def locate(wanted: str | None) -> Path:
    """The environment file meant by ``--environment``: a path, or the name of one.

    Without a wish: ``$ONBOARD_ENVIRONMENT``, then ``./onboard.yaml``, then the lab "default".
    Raises ``errors.UsageError`` where there is none, naming the places that were looked at.
    """
    if not wanted:
        wanted = os.environ.get("ONBOARD_ENVIRONMENT")
    if not wanted:
        here = Path("onboard.yaml")
        wanted = str(here) if here.is_file() else "default"
    if "/" in wanted or wanted.endswith((".yaml", ".yml")):
        places = [Path(wanted)]
    else:
        places = [
            platformdirs.user_config_path("onboard") / "environments" / f"{wanted}.yaml",
            labs_folder() / wanted / "onboard.yaml",
        ]
    for place in places:
        if place.is_file():
            return place.absolute()
    raise errors.UsageError(
        f"there is no environment {wanted!r}",
        details=[
            f"{place} is a folder" if place.is_dir() else f"looked at {place}" for place in places
        ],
        resolution="Start a lab with: onboard lab up    or name a file: --environment FILE",
    )


def names() -> tuple[str, ...]:
    """The names by which ``locate`` finds an environment on this computer."""
    own = platformdirs.user_config_path("onboard") / "environments"
    labs = labs_folder().glob("*/onboard.yaml")
    return tuple(sorted({*(f.stem for f in own.glob("*.yaml")), *(f.parent.name for f in labs)}))


def load(path: Path) -> Environment:
    """Read an environment file; relative paths in it start at its own folder.

    Raises ``errors.InvalidInput`` with every problem of the file.
    """
    document = strict_yaml.load(path)
    kind = document.value.get("kind") if isinstance(document.value, dict) else None
    if isinstance(kind, str) and kind != "Environment":
        raise errors.InvalidInput(
            f"{path} is of kind {kind}, not an environment file (kind Environment)",
            resolution="Name an environment with --environment, e.g. the name of a lab.",
        )
    read = strict_yaml.validate(Environment, document)
    _refuse_passwords(path, read)
    return read.model_validate(_anchored(read.model_dump(), path.absolute().parent))


_SECRET = re.compile("password|secret|token", re.IGNORECASE)


def _refuse_passwords(path: Path, read: Environment) -> None:
    """A URL ends up in logs and lists of processes; the password itself is not repeated here."""
    urls = {"state.store": read.state.store, "pulumi.backend": read.pulumi.backend}
    problems = [
        errors.Problem(
            str(path), 0, 0, field, "the URL holds a password",
            "put it into a file of mode 0600 and name that as credentialsFile",
        )
        for field, url in urls.items()
        if parse.urlsplit(url).password is not None
        or any(_SECRET.search(key) for key, _ in parse.parse_qsl(parse.urlsplit(url).query))
    ]  # fmt: skip
    if problems:
        raise errors.InvalidInput(f"{path} holds a secret", problems)


def _anchored(value: Any, folder: Path) -> Any:
    if isinstance(value, Path):
        return value if value.is_absolute() else folder / value
    if isinstance(value, Mapping):
        return {key: _anchored(inner, folder) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_anchored(inner, folder) for inner in value)
    return value


def save(path: Path, environment: Environment) -> None:
    """Write an environment file in one step, so that a reader never sees half of it."""
    content = environment.model_dump(mode="json", by_alias=True, exclude_defaults=False)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    whole_file.put(path, text)
