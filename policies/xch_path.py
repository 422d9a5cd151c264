"""XCH: what a link has in the engines: certificates, scopes, the way to the gateway."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from onboarding import item, policy, tenant, tenant_link
from onboarding.desired import cluster_network, link_cluster, link_realm
from onboarding.desired.cluster_place import NAMESPACE_NAME
from onboarding.policies import judge, pki, xch

CLUSTER, SSO, VAULT = item.EngineName.CLUSTER, item.EngineName.SSO, item.EngineName.VAULT
_PLAIN_SCOPES = frozenset({"acr", "basic", "service_account"})
_PARTS = ((VAULT, "PkiRole"), (SSO, "ClientScope"), (SSO, "Client"), (SSO, "ServiceAccount"))
Fields = Mapping[str, Any]
Flaws = Callable[[Fields], Iterator[str]]


def certificate_and_scopes(view: policy.View) -> Iterator[policy.Result]:
    """Mutual TLS by a certificate of its own; tokens by client credentials, for the peer alone."""
    there = {(kind, i.ref.name): i for engine, kind in _PARTS for i in view.items(engine, kind)}
    for link in view.tenant.links:
        if not link.agreed:
            yield judge.not_applicable(xch.subject(link), xch.PENDING)
            continue
        if not link.declaration.scopes:
            yield judge.fails(xch.subject(link), "no scopes", "explicit scopes")
        for kind, name, flaws in _parts(view.tenant, link):
            have = there.get((kind, name))
            wrong = ["absent"] if have is None else list(flaws(have.fields))
            yield judge.problems(f"{kind} {name}", wrong, "for this link alone")
    yield from xch.left_over(view, (SSO, "Client"), (SSO, "ClientScope"))


def _parts(of: tenant.Tenant, link: tenant_link.Link) -> Iterator[tuple[str, str, Flaws]]:
    yield "PkiRole", link.pki_role, functools.partial(_role_flaws, link)
    yield "Client", link.client, functools.partial(_client_flaws, of, link)
    yield "ServiceAccount", link.client, _account_flaws
    for scope in link_realm.scopes(link):
        yield "ClientScope", scope, functools.partial(_audience_flaws, link)


def _role_flaws(link: tenant_link.Link, role: Fields) -> Iterator[str]:
    if list(role.get("allowed_domains") or ()) != [link.host]:
        yield f"allowed_domains={judge.show(role.get('allowed_domains'))}, not {link.host}"
    if list(role.get("ext_key_usage_oids") or ()) != [pki.CLIENT_AUTH]:
        yield f"purposes {judge.show(role.get('ext_key_usage_oids'))}, not clientAuth"
    if role.get("server_flag") is not False:
        yield "its certificates also serve"


def _client_flaws(of: tenant.Tenant, link: tenant_link.Link, client: Fields) -> Iterator[str]:
    wanted = {
        "enabled": True,
        "publicClient": False,
        "serviceAccountsEnabled": True,
        "clientAuthenticatorType": "client-jwt",
        "fullScopeAllowed": False,
    }
    for key, value in wanted.items():
        if client.get(key) != value:
            yield f"{key}={judge.show(client.get(key))}"
    if client.get("standardFlowEnabled") and not link_realm.runs_portal(of, link):
        yield "people sign in by it"
    asked = set(client.get("optionalClientScopes") or ())
    if asked != set(link_realm.scopes(link)):
        yield f"scopes {judge.show(sorted(asked))}"
    more = set(client.get("defaultClientScopes") or ()) - _PLAIN_SCOPES
    if more:
        yield f"always has the scopes {', '.join(sorted(more))}"
    if client.get("protocolMappers"):
        yield f"claims of its own: {', '.join(sorted(client['protocolMappers']))}"


def _account_flaws(account: Fields) -> Iterator[str]:
    for part in ("roles", "scope"):
        if account.get(part):
            yield f"{part} {judge.show(account[part])}"


def _audience_flaws(link: tenant_link.Link, scope: Fields) -> Iterator[str]:
    mappers = scope.get("protocolMappers") or {}
    audiences = set()
    for name, mapper in mappers.items():
        if mapper.get("protocolMapper") == "oidc-audience-mapper":
            config = mapper.get("config") or {}
            audiences |= {v for k, v in config.items() if k.startswith("included.") and v}
        else:
            yield f"claim {name}"
    if audiences != {link.audience}:
        yield f"audience {judge.show(sorted(audiences))}, not {link.audience}"


def narrow_path(view: policy.View) -> Iterator[policy.Result]:
    """A pair of rules to the gateway and from it; never from pod to pod."""
    found = {(i.ref.scope, i.ref.name): i for i in view.items(CLUSTER, "NetworkPolicy")}
    for link in view.tenant.links:
        if not link.agreed:
            yield judge.not_applicable(xch.subject(link), xch.PENDING)
            continue
        carriers = [i for i in view.tenant.instances if link in view.tenant.carries(i)]
        if not carriers:
            yield judge.fails(xch.subject(link), "no production instance carries it", "a path")
        for instance in carriers:
            for way in ("in", "out"):
                name = f"{link_cluster.name(link)}-{way}"
                have = found.get((instance.namespace, name))
                wrong = ["absent"] if have is None else list(_path_flaws(view, have, way))
                subject = f"NetworkPolicy {instance.namespace}/{name}"
                yield judge.problems(subject, wrong, "the gateway only")
    yield from xch.left_over(view, (CLUSTER, "NetworkPolicy"), (CLUSTER, "ConfigMap"))


def _path_flaws(view: policy.View, have: item.Item, way: str) -> Iterator[str]:
    spec = have.fields.get("spec") or {}
    key, side, other, port = {
        "in": ("ingress", "from", "egress", cluster_network.PORT),
        "out": ("egress", "to", "ingress", cluster_network.GATEWAY_PORT),
    }[way]
    gateway = {NAMESPACE_NAME: view.environment.cluster.gateway_namespace}
    peer = {"namespaceSelector": {"matchLabels": gateway}}
    if not spec.get("podSelector"):
        yield "for every pod of the namespace"
    if spec.get(other):
        yield f"also opens {other}"
    rules = spec.get(key) or ()
    if not rules:
        yield f"opens no {key}"
    for rule in rules:
        if list(rule.get(side) or ()) != [peer]:
            yield f"{side} {judge.show(rule.get(side))}"
        if list(rule.get("ports") or ()) != link_cluster.port(port):
            yield f"ports {judge.show(rule.get('ports'))}, not {port}"
