"""What only controls ask about: issued certificates, revocation lists, audit devices, tokens."""

from __future__ import annotations

import functools
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass
from typing import Any

from onboarding import environment, errors, item, tenant, vault
from onboarding.desired import vault as wanted
from onboarding.desired import vault_mark
from onboarding.engines.vault_pki import reading
from onboarding.pki import certificates

_SETTLED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Accessors:
    """The tokens that Vault knew, and when it was asked (monotonic)."""

    names: tuple[str, ...]
    at: float


def accessors(door: vault.Vault) -> Accessors | errors.Denied:
    """To be asked before everything else: see ``_tokens``."""
    try:
        return Accessors(door.names("auth/token/accessors"), time.monotonic())
    except errors.Denied as refused:
        return refused


def observe(
    door: vault.Vault,
    tenants: Sequence[tenant.Tenant],
    seen: Mapping[str, tuple[item.Item, ...]],
    known: Accessors | errors.Denied,
) -> item.Observation:
    """Evidence by agency and, under "", of the environment. What may not be read is ``unread``."""
    found: dict[str, tuple[item.Item, ...]] = {}
    read: set[str] = {"Crl", "Certificate"}
    unread: dict[str, str] = {}
    strange = _strange_roles(door, seen)
    for of in tenants:
        own = seen.get(of.id, ())
        found[of.id] = tuple(role for role in strange if _concerns(role, of, own))
        if any(i.ref.kind == "Mount" for i in own):
            further = tuple(_further_issuers(door, of.pki_mount, own))
            found[of.id] += (
                *_revocation_lists(
                    door, of, [wanted.DEFAULT_ISSUER, *(i.ref.name for i in further)]
                ),
                *_certificates(door, of.pki_mount, "Certificate", of.id),
                *further,
            )
    shared: list[item.Item] = []
    asked: dict[str, _Ask] = {**_SHARED, "TokenSummary": functools.partial(_tokens, known=known)}
    for kind, ask in asked.items():
        try:
            shared += ask(door)
        except errors.Denied as problem:
            unread[kind] = problem.message
        else:
            read.add(kind)
    return item.Observation({**found, "": tuple(shared)}, frozenset(read), unread)


def _strange_roles(
    door: vault.Vault, seen: Mapping[str, tuple[item.Item, ...]]
) -> tuple[item.Item, ...]:
    """Every sign-in role beside those already read: one under any name may let a stranger in."""
    kind, mount = "KubernetesAuthRole", wanted.AUTH_MOUNT
    known = {i.ref.name for own in seen.values() for i in own if i.ref.kind == kind}
    names = [name for name in door.names(f"auth/{mount}/role") if name not in known]
    answers = door.read_all(f"auth/{mount}/role/{name}" for name in names).values()
    return tuple(
        reading.make(kind, mount, name, answer)
        for name, answer in zip(names, answers, strict=True)
        if answer is not None
    )


def _concerns(role: item.Item, of: tenant.Tenant, own: Sequence[item.Item]) -> bool:
    """Whether a role lets the agency's workloads in, or anybody under a policy of the agency."""
    fields = role.fields
    spaces = set(fields.get("bound_service_account_namespaces") or ())
    policies = {i.ref.name for i in own if i.ref.kind == "Policy"}
    return bool(
        spaces & {"*", *(i.namespace for i in of.instances)}
        or fields.get("bound_service_account_namespace_selector")
        or policies & set(fields.get("token_policies") or ())
    )


def _further_issuers(
    door: vault.Vault, mount: str, own: Sequence[item.Item]
) -> Iterator[item.Item]:
    """Issuers with a key beside a mount's default: a request may name any of them.

    The root's certificate stands there too, without a key, as part of the chain.
    """
    default = {str(i.fields["id"]) for i in own if i.ref.kind == "Issuer"}
    for name in door.details(f"{mount}/issuers"):
        if name not in default:
            answer = door.read(f"{mount}/issuer/{name}")
            if answer is not None and answer.get("key_id"):
                yield reading.make("Issuer", mount, name, reading.issuer_fields(answer, ""))


def _revocation_lists(
    door: vault.Vault, of: tenant.Tenant, issuers: Iterable[str]
) -> Iterator[item.Item]:
    for issuer in issuers:
        pem = door.text(f"{of.pki_mount}/issuer/{issuer}/crl/pem")
        if pem:
            facts = certificates.crl_facts(pem)
            yield reading.make("Crl", of.pki_mount, issuer, facts, of.id)


def _certificates(door: vault.Vault, mount: str, kind: str, owner: str) -> Iterator[item.Item]:
    """Every certificate that a mount has issued, its own CA certificates left out."""
    own = {str(about.get("serial_number")) for about in door.details(f"{mount}/issuers").values()}
    serials = [s for s in door.names(f"{mount}/certs") if s not in own]
    for serial, answer in zip(
        serials, door.read_all(f"{mount}/cert/{s}" for s in serials).values(), strict=True
    ):
        if answer is not None:
            yield reading.make(kind, mount, serial, issued_fields(answer), owner)


def issued_fields(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of an issued certificate, and when it was revoked ("" where it was not)."""
    return {
        **certificates.facts(str(answer["certificate"])),
        "revoked": bool(answer.get("revocation_time")),
        "revokedAt": answer.get("revocation_time_rfc3339") or "",
    }


def _audit_devices(door: vault.Vault) -> Iterable[item.Item]:
    for path, about in (door.read("sys/audit") or {}).items():
        options = about.get("options") or {}
        fields = {
            "type": about.get("type"),
            "sink": options.get("file_path") or options.get("address") or about.get("type"),
            "logRaw": str(options.get("log_raw", "false")).lower() == "true",
            "options": options,
        }
        yield reading.make("AuditDevice", "", path.rstrip("/"), fields)


def _living(door: vault.Vault, accessors: Sequence[str]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The tokens that can still be used, with what is known of each.

    OpenBao refuses to look up a token that has ended with the same answer as a missing right. Our
    own token is alive and among them: where not even that one is answered, the right is missing.
    """

    def ask(accessor: str) -> Mapping[str, Any] | errors.Denied | None:
        try:
            return door.look_up("auth/token/lookup-accessor", {"accessor": accessor})
        except errors.Denied as refused:
            return refused

    with futures.ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(ask, accessors))
    refused = [a for a in answers if isinstance(a, errors.Denied)]
    if refused and not any(isinstance(a, Mapping) for a in answers):
        raise refused[0]
    for accessor, about in zip(accessors, answers, strict=True):
        if isinstance(about, Mapping):
            yield accessor, about


def _tokens(door: vault.Vault, known: Accessors | errors.Denied) -> Iterable[item.Item]:
    """Every living token, by a hash of its accessor (an accessor could revoke it).

    A token that is looked up while it is being made has no lease yet, and Vault deletes a token
    without a lease. So those are looked up that stood in the list a moment ago.
    """
    if isinstance(known, errors.Denied):
        raise known
    time.sleep(max(0.0, known.at + _SETTLED_SECONDS - time.monotonic()))
    for accessor, about in _living(door, known.names):
        name = hashlib.sha256(accessor.encode()).hexdigest()[:16]
        policies = sorted(about.get("policies") or ())
        fields = {
            "displayName": about.get("display_name"),
            "policies": policies,
            "root": "root" in policies,
            "orphan": bool(about.get("orphan")),
            "creationTtl": about.get("creation_ttl"),
            "explicitMaxTtl": about.get("explicit_max_ttl"),
            "period": about.get("period") or 0,
            "ttl": about.get("ttl"),
            "path": about.get("path"),
            "type": about.get("type"),
            "expires": about.get("expire_time") or "",
        }
        yield reading.make("TokenSummary", "", name, fields)


def _other_policies(door: vault.Vault) -> Iterable[item.Item]:
    """Policies of no agency, the built-in ones and those of this tool left out."""
    of_tool = {f"onboard-{role.value}" for role in environment.Role}
    for name, read in door.details("sys/policies/detailed/acl").items():
        text = str(read.get("policy") or "")
        if not vault_mark.owner(text) and name not in {"root", "default", *of_tool}:
            yield reading.make("OtherPolicy", "", name, {"document": text})


def _root_issuer(door: vault.Vault) -> Iterable[item.Item]:
    pem = door.text(f"{reading.ROOT_MOUNT}/ca/pem")
    if pem:
        facts = certificates.facts(pem)
        yield reading.make("RootIssuer", reading.ROOT_MOUNT, wanted.DEFAULT_ISSUER, facts)


def _auth_mounts(door: vault.Vault) -> Iterable[item.Item]:
    for path, about in (door.read("sys/auth") or {}).items():
        if isinstance(about, dict) and "type" in about:
            fields = {key: about.get(key) for key in ("type", "description", "config")}
            owner = vault_mark.owner(about.get("description"))
            yield reading.make("AuthMount", "", path.rstrip("/"), fields, owner)


def _root_certificates(door: vault.Vault) -> Iterable[item.Item]:
    return _certificates(door, reading.ROOT_MOUNT, "RootIssuedCertificate", "")


_Ask = Callable[[vault.Vault], Iterable[item.Item]]


_SHARED: Mapping[str, _Ask] = {
    "AuditDevice": _audit_devices,
    "OtherPolicy": _other_policies,
    "RootIssuer": _root_issuer,
    "RootIssuedCertificate": _root_certificates,
    "AuthMount": _auth_mounts,
}
"""What belongs to the environment, by kind."""
