"""Blocks of the environment file that stand by themselves: waits, pipelines, approvers."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pydantic
from pydantic import alias_generators

from onboarding import patience


class Model(pydantic.BaseModel):
    """What every block of the file has in common."""

    model_config = pydantic.ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=alias_generators.to_camel,
        populate_by_name=True,
    )


FilePath = Annotated[Path, pydantic.Field(strict=False)]
Day = Annotated[date, pydantic.Field(strict=False)]


def _seconds(value: object) -> float:
    if not isinstance(value, str):
        raise ValueError("must have a unit, like 30s, 5m or 2h")
    return patience.seconds(value)


Span = Annotated[float, pydantic.BeforeValidator(_seconds), pydantic.PlainSerializer(patience.span)]
"""A span of time such as ``30s``, ``5m`` or ``2h``; seconds inside."""


class Role(StrEnum):
    """Under which identity the tool acts; each has the least rights its work needs."""

    BOOTSTRAP = "bootstrap"
    PLANNER = "planner"
    APPLIER = "applier"
    AUDITOR = "auditor"


class VaultLogin(Model):
    """``token``: ``secret_file`` holds a token. ``approle``: it holds the secret id."""

    method: Literal["token", "approle"]
    role_id: str = ""
    secret_file: FilePath


class Timeouts(Model):
    """How long is waited for a system, an engine or a run before it counts as failed.

    Nothing is lost where one passes: the same command goes on from there. Waits for processes of
    this computer that are just ending are short, and not set here.
    """

    connect: Span = 5.0
    """To reach a system."""
    request: Span = 30.0
    """One whole answer of a system."""
    retry: Span = 60.0
    """One request with all its tries."""
    wait: Span = 60.0
    """Until something that was asked for has happened, such as the end of a deleted object."""
    ansible: Span = 300.0
    """One start of Ansible."""
    pulumi: Span = 2700.0
    """One start of Pulumi."""
    stop: Span = 60.0
    """That an engine which was asked to stop gets to finish what it has begun."""
    run: Span = 7200.0
    """A whole command; ``--timeout`` says otherwise for one."""

    def limits(self) -> patience.Limits:
        return patience.Limits(self.connect, self.request, self.retry)


class LetterExchange(Model):
    """The exchange of letters between agencies (TH e-GIF, e-CMS) of this environment.

    In production it is the one that manifests name; elsewhere one for trials, which must not be.
    Without it nothing of an exchange can be seen.
    """

    address: Annotated[str, pydantic.Field(pattern=r"^https://[^\s@/]+(/[^\s@]*)?$")]
    ca_file: FilePath | None = None
    """Who vouches for the address, where public authorities do not."""
    addressing: Literal["w3c", "ecms-2012"] = "w3c"
    """Form of the headers: as WS-Addressing has them, or as code of 2012 wrote them."""
    empty_queue_codes: tuple[str, ...] = ()
    """Codes of errors by which the exchange says that no letter waits."""
    wait: Span = 60.0
    """How long a letter may be under way."""


class Run(Model):
    """How the pods of an e-Office product are made: the product's, and those it cannot do without.

    The product's own image is ``images.eOffice``.
    """

    database: str
    """Image of PostgreSQL, by digest."""
    secrets: str
    """Image of the agent that brings secrets from Vault into pods as files, by digest."""
    node_pool: str = ""
    """Pool of nodes that these pods run on; without it any common node."""
    pull: Literal["Always", "IfNotPresent"] = "Always"
    """``IfNotPresent``: there is no registry to ask, images are loaded onto the nodes."""
    trust: str = "kube-root-ca.crt"
    """ConfigMap in every namespace whose ``ca.crt`` vouches for Vault and Keycloak."""


class ProbePod(Model):
    """The pod that ``verify --probe`` tries the network from, in the namespaces of an agency."""

    image: Annotated[str, pydantic.Field(pattern=r"^\S+@sha256:[0-9a-f]{64}$")]
    """By digest, of a registry that this environment allows."""
    command: tuple[str, ...] = ("nc", "-z", "-w", "3", "{host}", "{port}")
    """Ends with 0 where a TCP connection was made within seconds, with 1 where it was not."""

    @pydantic.field_validator("command")
    @classmethod
    def _names_its_target(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        if not all(any(part in word for word in command) for part in ("{host}", "{port}")):
            raise ValueError("name what is tried as {host} and {port}")
        return command


class Probes(Model):
    """What ``verify --probe`` needs beside the addresses of agencies."""

    gateway: Annotated[str, pydantic.Field(pattern=r"^$|^[^\s:/@]+:[0-9]{1,5}$")] = ""
    """Host and port at which all addresses of agencies are asked for; "" as their names resolve."""
    ca_file: FilePath | None = None
    """Who vouches for the addresses of agencies, where public authorities do not."""
    pod: ProbePod | None = None
    """Without it nothing is tried from inside."""


class EOffice(Model):
    """The e-Office product that runs in this environment, where the tool configures it."""

    product: str
    """Name of its adapter, e.g. ``mayan-edms``."""
    address: str = "https://{host}"
    """Where the configuration API of an instance is; {host} and {namespace} are put in."""
    ca_file: FilePath | None = None
    """Who vouches for these addresses; without it who vouches for Vault's."""
    gateway: Annotated[str, pydantic.Field(pattern=r"^$|^[^\s:/@]+:[0-9]{1,5}$")] = ""
    """Host and port where these addresses lead, where no name server knows them."""
    longest: Span = 2700.0
    """To configure all instances of one agency, the first start of their product included."""
    run: Run | None = None
    """Without it no pods of the product are made here: it runs elsewhere, or somebody else's do."""

    @pydantic.field_validator("address")
    @classmethod
    def _fits(cls, address: str) -> str:
        if not re.fullmatch(r"https://([^\s@{}]|\{host\}|\{namespace\})+", address):
            raise ValueError("write it like https://{host}, with {host} or {namespace} or neither")
        return address


class Pipelines(Model):
    """CI that works without a stored secret: each job proves who it is by a token of its platform.

    ``roles`` gives, for a role of the tool, the claims that a job's token must carry, each with
    the value or the values that are accepted.
    """

    issuer: str
    """As in the token's ``iss``; its keys are found by OpenID Connect discovery, but for ..."""
    key_file: FilePath | None = None
    """... an issuer that Vault cannot reach: its public key (PEM)."""
    ca_file: FilePath | None = None
    """Who vouches for the issuer's address, where public authorities do not."""
    audience: str = "gdcc-onboard"
    roles: dict[
        Annotated[Role, pydantic.Field(strict=False)], dict[str, str | tuple[str, ...]]
    ] = {}

    @pydantic.model_validator(mode="after")
    def _distinct(self) -> Pipelines:
        for role, claims in self.roles.items():
            if role is Role.BOOTSTRAP:
                raise ValueError(
                    "bootstrap is done by a person; pipelines get planner, applier or auditor"
                )
            if not claims:
                raise ValueError(
                    f"{role.value}: without a claim every job of the issuer would be let in"
                )
        writes = self.roles.get(Role.APPLIER)
        if writes is not None and writes == self.roles.get(Role.PLANNER):
            raise ValueError(
                "applier: its claims must be narrower than the planner's, e.g. ref: refs/heads/main"
            )
        return self


_KEYS = {
    "transit": ("the name of a key in Vault: a-z, 0-9 and -", r"[a-z0-9][a-z0-9-]*"),
    "ssh": (
        "one line as in an id_*.pub file: ssh-ed25519 AAAA…",
        r"(ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?",
    ),
}


class Approver(Model):
    """A second person: who may approve what one person alone may not do.

    ``transit``: ``key`` names a key in Vault's transit engine that only this approver's login may
    sign with. ``ssh``: ``key`` is the public key as in an ``id_*.pub`` file; the private one is
    known to the approver alone.
    """

    identity: Annotated[str, pydantic.Field(pattern=r"^\S+$")]
    roles: tuple[str, ...] = ("approver",)
    method: Literal["transit", "ssh"]
    key: str
    accounts: tuple[str, ...] = ()
    """Other names of the same person: of accounts on computers, in version control, in CI."""
    vault: VaultLogin | None = None
    """With ``transit``: how the approver signs in; only on the approver's own computer."""

    @pydantic.model_validator(mode="after")
    def _key_of_its_kind(self) -> Approver:
        sort, form = _KEYS[self.method]
        if not re.fullmatch(form, self.key.strip()):
            raise ValueError(f"key: with method {self.method} this is {sort}")
        return self
