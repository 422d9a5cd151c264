"""What an agency that is leaving must hold: the items of its manifest, less what its phase ends.

Frozen: nobody signs in, nothing is written, nothing is signed, and everything is still there to be
read. Gone: only the proof of its signatures stays. Pure; freezing what is frozen changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from onboarding import item, labels, tenant
from onboarding.desired import pki_profile, realm, settings, vault_mark, vault_policies

READ_ONLY = "read-only"
CLOSED_MARK = "closed: kept for its chain and its last revocation list"

CLOSED_USAGE = ("crl-signing", "read-only")
"""What the key of a closed CA may do. It is not destroyed: OpenBao deletes no key that an issuer
has, and takes an issuer's published list away with it. Without ``issuing-certificates``, without
any role, nothing can be issued."""

CHAIN = ("Mount", "IssuingUrls", "CrlConfig", "AutoTidy", "Issuer")
"""Kinds that stay when an agency has gone: certificates name the address where the revocation list
is published (RFC 5280, 4.2.1.13), and signed letters are checked as long as they are kept."""

_ENDED = frozenset({"Ingress", "TlsSecret", "PkiRole"})
"""Ways in, and rights to sign: not there while an agency is frozen, made anew if it stays."""
_SWITCHED_OFF = frozenset({"Organization", "Client", "IdentityProvider"})
_READING = frozenset({"get", "list", "watch", "read"})


def of(who: tenant.Tenant, items: Iterable[item.Item]) -> tuple[item.Item, ...]:
    """The items of a tenant as its phase wants them."""
    match who.phase:
        case tenant.Phase.PRESENT:
            return tuple(items)
        case tenant.Phase.FROZEN:
            return tuple(_frozen(i) for i in items if i.ref.kind not in _ENDED)
        case tenant.Phase.GONE:
            return tuple(_kept(i) for i in items if i.ref.kind in CHAIN)


def _frozen(of_one: item.Item) -> item.Item:
    kind = of_one.ref.kind
    if kind in _SWITCHED_OFF and not _is_our_own(of_one):
        return _with(of_one, enabled=False)
    change = _FROZEN.get(kind)
    return replace(of_one, fields=change(of_one.fields)) if change else of_one


def _is_our_own(of_one: item.Item) -> bool:
    """Whether it is a client of the tool in an agency's own realm: without it we are locked out."""
    return of_one.ref.kind == "Client" and of_one.ref.name in realm.SERVICE_CLIENTS


def _frozen_role(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What people of the agency may still do in the cluster: look."""
    rules = [
        {**rule, "verbs": [v for v in rule["verbs"] if v in _READING]} for rule in fields["rules"]
    ]
    return {**fields, "rules": [rule for rule in rules if rule["verbs"]]}


def _frozen_policy(fields: Mapping[str, Any]) -> dict[str, Any]:
    rules = {
        path: [c for c in capabilities if c in _READING]
        for path, capabilities in fields["rules"].items()
    }
    rules = {path: left for path, left in rules.items() if left}
    owner, purpose = (line.removeprefix("# ") for line in fields["document"].splitlines()[:2])
    document = vault_policies.document(vault_mark.owner(owner), purpose, rules)
    return {**fields, "document": document, "rules": rules}


def _frozen_settings(fields: Mapping[str, Any]) -> dict[str, Any]:
    body = {k: v for k, v in fields.items() if k not in settings.NOT_SETTINGS}
    body["access"] = {"mode": READ_ONLY}
    marks = {**fields["metadata"]["annotations"], labels.CONTENT_HASH: item.content_hash(body)}
    return settings.fields_of(body, {**fields["metadata"], "annotations": marks})


_FROZEN: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "Role": _frozen_role,
    "Policy": _frozen_policy,
    "Settings": _frozen_settings,
}


def _kept(of_one: item.Item) -> item.Item:
    match of_one.ref.kind:
        case "Mount":
            return _with(of_one, description=f"{vault_mark.of(of_one.owner)}; {CLOSED_MARK}")
        case "CrlConfig":
            last = pki_profile.section("crl")["finalExpiry"]
            return _with(of_one, auto_rebuild=False, expiry=last, ocsp_disable=True)
        case "AutoTidy":
            # What was issued is the evidence of who could sign; nothing may be tidied away.
            return replace(of_one, fields={"enabled": False})
        case "Issuer":
            return replace(of_one, fields={"usage": list(CLOSED_USAGE)})
        case _:
            return of_one


def _with(of_one: item.Item, **changed: Any) -> item.Item:
    return replace(of_one, fields={**of_one.fields, **changed})
