"""A whole, well-behaved world for one agency: what its engines hold when everything is right.

Made from the real desired items of the examples, so that it cannot drift away from what the
engines are asked for; what only a live system adds (pods, certificates, answers of the API
server, audit devices, …) is put in here in the shape in which the engines report it.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

from onboarding import catalogue, clock, environment, item, labels, manifest, policy, tenant
from onboarding.desired import cluster, ingress_tls, realm, settings, sso, vault
from onboarding.manifest import model
from onboarding.pki import certificates
from onboarding.policies import load
from tests import linked
from tests.policies.authority import CLIENT, SERVER, Authority, authority, intermediate, leaf

TODAY = date(2026, 11, 22)
NOW = clock.Clock(TODAY)
EXAMPLES = Path(__file__).parents[2] / "examples"
DIGEST = "sha256:" + "ab" * 32
E = item.EngineName
Fields = dict[str, Any]


@functools.cache
def ca_pem() -> str:
    return authority("Root").pem


_BACKUPS = 'path "sys/storage/raft/snapshot" {\n  capabilities = ["read"]\n}\n'


_NONE_OF = {
    E.CLUSTER: frozenset({"Ingress", "StatefulSet"}),
    E.SETTINGS: frozenset({"Settings"}),
    E.SSO: frozenset({"Client", "ClientScope", "ServiceAccount", "StrayGroup", "IdentityProvider"}),
    E.VAULT: frozenset({"Certificate"}),
}
"""Kinds that were read, and of which there is nothing in a world in order."""


def target(folder: Path) -> environment.Environment:
    """An environment of which only the CA file is real."""
    ca = folder / "ca.crt"
    ca.write_text(ca_pem(), encoding="utf-8")
    return environment.Environment(
        name="unit",
        production=False,
        cluster=environment.Cluster(
            server="https://cluster.invalid",
            ca_file=ca,
            identity="id",
            storage_class="gdcc-encrypted",
            encrypted_storage_classes=("gdcc-encrypted",),
            internal_ingress_class="gdcc-internal",
            node_pools=("restricted",),
            plain_storage_classes=("plain",),
            public_sites=environment.PublicSites(
                ingress_class="public",
                annotations={"waf": "on"},
                least_tls="1.2",
                hsts_seconds=31536000,
            ),
            egress_cidrs=("192.0.2.7/32",),
        ),
        vault=environment.Vault(
            address="https://vault.invalid",
            ca_file=ca,
            identity="id",
            public_url="https://vault.invalid",
        ),
        keycloak=environment.Keycloak(address="https://sso.invalid", ca_file=ca, identity="id"),
        pulumi=environment.Pulumi(backend="file:///x", home=Path("/x"), passphrase_file=Path("/x")),
        state=environment.State(store="file:///x"),
        images=environment.Images(
            e_office=f"registry.invalid/e-office@{DIGEST}",
            others={
                entry.kind: f"registry.invalid/{entry.kind}@{DIGEST}"
                for entry in catalogue.offered()
            },
            allowed_registries=("registry.invalid",),
        ),
    )


@functools.cache
def agency(name: str) -> manifest.AgencyMou:
    """An example; ``portal`` is one that shows its services in the portal it runs itself,
    ``closed`` one whose only system nobody reaches from outside but by an approved link,
    ``unsigned`` one that has an authority of its own and has named no signer yet."""
    if name == "unsigned":
        signing = agency("moph").signing
        assert signing is not None
        return agency("moph").model_copy(
            update={"signing": signing.model_copy(update={"signers": ()})}
        )
    if name == "portal":
        link = model.Link.model_validate_json(_PORTAL_LINK)
        return agency("etda").model_copy(update={"links": (link,)})
    if name == "closed":
        (system,) = agency("police").systems
        approved = {"kind": "data-exchange", "portal": None, "restricted_approval": "REF-1"}
        links = tuple(one.model_copy(update=approved) for one in agency("portal").links)
        systems = (system.model_copy(update={"restricted": None}),)
        return agency("police").model_copy(update={"systems": systems, "links": links})
    return manifest.load(EXAMPLES / f"{name}.yaml")


_PORTAL_LINK = """{
  "id": "services", "kind": "portal", "peer": "dga", "direction": "both",
  "dataset": "services", "basis": "law", "purpose": "one-stop service", "owner": "etda",
  "dataFields": ["service"], "scopes": ["services.read"], "class": "open",
  "portal": {"operator": "etda", "publicApi": "/api", "identities": ["foreigner"]},
  "expires": "2027-09-30"
}"""


def resolved(name: str, at: environment.Environment) -> tenant.Tenant:
    """An agency whose links its peers declare alike."""
    of = agency(name)
    return tenant.resolve(of, at, peers=linked.mirrored(of))


def desired(of: tenant.Tenant, at: environment.Environment) -> tuple[item.Item, ...]:
    return (
        *vault.desired(of, at),
        *sso.desired(of, at),
        *cluster.desired(of, at),
        *ingress_tls.desired(of, at),
        *settings.desired(of, at),
    )


def make(engine: E, kind: str, scope: str, name: str, fields: Fields, owner: str = "") -> item.Item:
    return item.Item(item.Ref(engine, kind, scope, name), fields, owner)


def plan_view(of: tenant.Tenant, at: environment.Environment) -> policy.View:
    return policy.View(
        tenant=of,
        environment=at,
        stage=policy.Stage.PLAN,
        today=TODAY,
        now_epoch=NOW.now().timestamp(),
        thresholds=load.thresholds(),
        desired=tuple(
            item.Item(i.ref, copy.deepcopy(dict(i.fields)), i.owner, i.holds_data)
            for i in desired(of, at)
        ),
        others=(),
    )


def live_view(of: tenant.Tenant, at: environment.Environment) -> policy.View:
    planned = plan_view(of, at)
    issuer = intermediate(of.domains)
    own: dict[E, list[item.Item]] = {engine: [] for engine in E}
    common: dict[E, list[item.Item]] = {engine: [] for engine in E}
    for one in planned.desired:
        own[one.ref.engine].append(_alive(one, issuer))
    own[E.CLUSTER] += [*_pods(own[E.CLUSTER]), *_reviews(of), _stack(of)]
    own[E.VAULT] += _issued(of, issuer)
    common[E.CLUSTER] += [*_bindings(), *_nodes()]
    common[E.VAULT] += _vault_of_environment(issuer)
    base = realm.items("gdcc", "จีดีซีซี", "environment", shared=True)
    shared = _alive(next(i for i in base if i.ref.kind == "Realm"), issuer)
    client = next(i for i in base if i.ref.name == "gdcc-cluster")
    common[E.SSO] += [shared, _alive(client, issuer)]
    if not of.own_realm:
        own[E.SSO].append(shared)
    observed = {
        engine: item.Observation(
            {of.id: tuple(own[engine]), "": tuple(common[engine])},
            _NONE_OF.get(engine, frozenset())
            | frozenset(i.ref.kind for i in (*own[engine], *common[engine])),
        )
        for engine in E
        if own[engine]
    }
    return replace(planned, stage=policy.Stage.LIVE, observed=observed)


def _alive(one: item.Item, issuer: Authority) -> item.Item:
    """A desired item as its engine reports it once it is there."""
    fields: Fields = copy.deepcopy(dict(one.fields))
    if one.ref.kind == "Issuer":
        stated = {k: v for k, v in fields.items() if v != item.KNOWN_AFTER_APPLY}
        fields = {**certificates.facts(issuer.pem), **stated}
    if one.ref.kind == "KeyPair":
        fields["public_jwk"] = {"kty": "EC", "crv": "P-256"}
    if one.ref.kind == "TlsSecret":
        fields["notAfter"] = "2027-01-22T00:00:00Z"
    if one.ref.kind == "PersistentVolumeClaim":
        fields["spec"]["volumeName"] = "pvc-1"
        fields["metadata"]["annotations"]["pv.kubernetes.io/bound-by-controller"] = "yes"
    fields = _known(fields)
    return item.Item(one.ref, fields, one.owner, one.holds_data)


def _known(value: Any) -> Any:
    if value == item.KNOWN_AFTER_APPLY:
        return "something"
    if isinstance(value, Mapping):
        return {key: _known(inner) for key, inner in value.items()}
    return [_known(inner) for inner in value] if isinstance(value, list | tuple) else value


def _pods(items: list[item.Item]) -> list[item.Item]:
    return [
        make(
            E.CLUSTER,
            "Pod",
            i.ref.scope,
            f"{i.ref.name}-0",
            {
                "metadata": copy.deepcopy(i.fields["spec"]["template"]["metadata"]),
                "spec": _on_a_node(copy.deepcopy(i.fields["spec"]["template"]["spec"])),
            },
        )
        for i in items
        if i.ref.kind in ("Deployment", "StatefulSet")
    ]


def _on_a_node(spec: Fields) -> Fields:
    """As the scheduler left it: on a node of the pool that the pod selects."""
    pool = (spec.get("nodeSelector") or {}).get(labels.POOL)
    return {**spec, "nodeName": f"lab-{pool}-1" if pool else "lab-01"}


def _nodes() -> list[item.Item]:
    taint = {"key": labels.POOL, "value": "restricted", "effect": "NoSchedule"}
    dedicated = {
        "metadata": {"labels": {labels.POOL: "restricted"}},
        "spec": {"taints": [taint]},
    }
    common: Fields = {"metadata": {"labels": {}}, "spec": {"taints": []}}
    return [
        make(E.CLUSTER, "Node", "", "lab-01", common),
        make(E.CLUSTER, "Node", "", "lab-restricted-1", dedicated),
    ]


def _reviews(of: tenant.Tenant) -> list[item.Item]:
    rules = load.thresholds()
    asked = [
        *product(
            ["guard-rail"],
            [i.namespace for i in of.instances],
            rules["access.writeVerbs"],
            rules["access.guardRails"],
        ),
        *product(
            ["cluster-scope"], [""], rules["access.allVerbs"], rules["access.clusterResources"]
        ),
        *product(
            ["other-tenant"],
            ["gdcc-gateway"],
            rules["access.readWriteVerbs"],
            rules["access.tenantResources"],
        ),
    ]
    questions = [*rules["access.secretQuestions"], *rules["access.escalationQuestions"]]
    for instance, question in product(of.instances, questions):
        verb, resource = question.split()
        asked.append(("guard-rail", instance.namespace, verb, resource))
    made = []
    for (purpose, namespace, verb, what), group in product(asked, of.groups):
        resource, _, api_group = what.partition(".")
        fields = {
            "purpose": purpose,
            "group": group,
            "verb": verb,
            "apiGroup": api_group,
            "resource": resource,
            "namespace": namespace,
            "allowed": False,
        }
        name = f"{purpose} {group} {verb} {what}"
        made.append(make(E.CLUSTER, "AccessReview", namespace, name, fields))
    return made


def _stack(of: tenant.Tenant) -> item.Item:
    fields = {"secretsProvider": "passphrase", "resources": 40, "plaintextSecrets": 0}
    return make(E.CLUSTER, "StackState", "", of.id, fields)


def _bindings() -> list[item.Item]:
    admin = {
        "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "Group", "name": "system:masters"}],
    }
    return [make(E.CLUSTER, "ClusterRoleBinding", "", "cluster-admin", admin)]


def _issued(of: tenant.Tenant, issuer: Authority) -> list[item.Item]:
    mount = of.pki_mount
    crl = {
        "issuer": "CN=Issuing CA",
        "thisUpdate": "2026-11-22T00:00:00Z",
        "nextUpdate": "2026-11-25T00:00:00Z",
        "numberOfRevoked": 0,
    }
    made = [make(E.VAULT, "Crl", mount, "default", crl, of.id)]
    for number, instance in enumerate(i for i in of.instances[:1] if i.host):
        host = leaf(issuer, instance.host, "Agency", days=90, purposes=SERVER)
        made.append(make(E.VAULT, "Certificate", mount, f"01:{number:02}", host, of.id))
    for number, signer in enumerate(of.signers):
        if signer.authority_from <= TODAY <= signer.authority_to:
            days = min(300, (signer.authority_to - date(2026, 11, 1)).days)
            fields = leaf(issuer, signer.common_name, signer.organization, days=days)
            made.append(make(E.VAULT, "Certificate", mount, f"02:{number:02}", fields, of.id))
    for number, device in enumerate(of.devices[:2]):
        fields = leaf(issuer, device.name, "Agency", days=90, purposes=CLIENT, dns=(device.name,))
        made.append(make(E.VAULT, "Certificate", mount, f"03:{number:02}", fields, of.id))
    for number, link in enumerate(of.agreed_links):
        fields = leaf(issuer, link.host, "Agency", days=30, purposes=CLIENT, dns=(link.host,))
        made.append(make(E.VAULT, "Certificate", mount, f"04:{number:02}", fields, of.id))
    return made


def _vault_of_environment(issuer: Authority) -> list[item.Item]:
    token = {
        "displayName": "approle",
        "policies": ["onboard-auditor"],
        "root": False,
        "period": 0,
        "creationTtl": 1200,
        "explicitMaxTtl": 3600,
        "ttl": 1100,
    }
    root = certificates.facts(authority("Root").pem)
    below = {**certificates.facts(issuer.pem), "revoked": False, "revokedAt": ""}
    devices = [
        make(E.VAULT, "AuditDevice", "", f"file-{n}", {"type": "file", "sink": s, "logRaw": False})
        for n, s in enumerate(("/log/1", "/log/2"), 1)
    ]
    return [
        *devices,
        make(E.VAULT, "TokenSummary", "", "abcd", token),
        make(E.VAULT, "OtherPolicy", "", "backups", {"document": _BACKUPS}),
        make(E.VAULT, "RootIssuer", "pki-root", "default", root),
        make(E.VAULT, "RootIssuedCertificate", "pki-root", "0a", below),
    ]


Change = Callable[[item.Item], item.Item | None]


def changed(view: policy.View, kind: str, change: Change, engine: E | None = None) -> policy.View:
    """The view with every item of a kind changed (None: removed), planned and live alike.

    At live stage only what is observed changes, so that a difference from the plan can be seen.
    """

    def of(items: tuple[item.Item, ...]) -> tuple[item.Item, ...]:
        made = (
            change(i) if i.ref.kind == kind and engine in (None, i.ref.engine) else i for i in items
        )
        return tuple(i for i in made if i is not None)

    if view.stage is policy.Stage.LIVE:
        observed = {
            name: replace(seen, items={key: of(items) for key, items in seen.items.items()})
            for name, seen in view.observed.items()
        }
        return replace(view, observed=observed)
    return replace(view, desired=of(view.desired))


def with_fields(one: item.Item, **fields: Any) -> item.Item:
    return replace(one, fields={**one.fields, **fields})


def at(one: item.Item, path: str, value: Any) -> item.Item:
    """A copy with one field, by its dotted path with numbers for lists, set; None removes it."""
    fields = copy.deepcopy(dict(one.fields))
    place: Any = fields
    *steps, last = path.split("/")
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    if value is None:
        place.pop(last, None)
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return replace(one, fields=fields)


def added(view: policy.View, engine: E, one: item.Item, *, shared: bool = False) -> policy.View:
    """The view with one more item observed (or planned, at plan stage)."""
    if view.stage is not policy.Stage.LIVE:
        return replace(view, desired=(*view.desired, one))
    key = "" if shared else view.tenant.id
    seen = view.observed[engine]
    items = {**seen.items, key: (*seen.of(key), one)}
    read = seen.read | {one.ref.kind}
    return replace(view, observed={**view.observed, engine: replace(seen, items=items, read=read)})
