"""Ways to break what only telemetry, restricted systems and data platforms have."""

from __future__ import annotations

from typing import Any

from onboarding import labels, policy
from tests.policies import authority, world
from tests.policies.breaks import (
    LIVE,
    PLAN,
    Break,
    Case,
    binding,
    everywhere,
    extra,
    live,
    manifest,
    network,
    only,
    setting,
    stated,
    without,
)
from tests.policies.world import E

_DEVICE = "PkiRole"
_NOTES = "metadata/annotations"
_SETTINGS = "smart-bus-endpoints"
_SPEC = "spec/template/spec"
_ANYWHERE = [{"operator": "Exists"}]
_PUBLIC_CLIENT = "ga-onde-public"
_OFFLINE = ["acr", "basic", "offline_access"]
_INSIDE = {"spec": {"ingressClassName": "gdcc-internal", "rules": []}}
_FROM_GATEWAY = {"spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": []}]}}
_LINK_HOST = "moph-bdi-healthlink.link.moph.go.th"
_PUBLIC = {"spec": {"ingressClassName": "gdcc", "rules": []}}


def _device(path: str, value: Any) -> list[Case]:
    return everywhere(only(_DEVICE, "device", path, value), "dlt")


def _client(name: str = "", **how: Any) -> Break:
    """One more client certificate of the agency's mount, for its first device or link, or
    for ``name``."""

    def change(view: policy.View) -> policy.View:
        first = [d.name for d in view.tenant.devices] or [n.host for n in view.tenant.links]
        who = name or first[0]
        arguments = {"days": 90, "purposes": authority.CLIENT, "dns": (who,), **how}
        issuer = authority.intermediate(view.tenant.domains)
        fields = authority.leaf(issuer, who, "Agency", **arguments)
        one = world.make(E.VAULT, "Certificate", view.tenant.pki_mount, "77:77", fields)
        return world.added(view, E.VAULT, one)

    return change


def _note(name: str, value: str | None) -> list[Case]:
    def change(view: policy.View) -> policy.View:
        def one(way: Any) -> Any:
            notes = dict(way.fields["metadata"]["annotations"])
            notes.pop(labels.PREFIX + name)
            if value is not None:
                notes[labels.PREFIX + name] = value
            return world.with_fields(way, metadata={"annotations": notes})

        return world.changed(view, "Ingress", one)

    return everywhere(change, "dlt")


def _told(key: str, value: str | None) -> list[Case]:
    return everywhere(only("ConfigMap", _SETTINGS, f"data/{key}", value), "dlt")


def _public(attribute: str, value: str | None) -> list[Case]:
    return everywhere(only("Client", _PUBLIC_CLIENT, f"attributes/{attribute}", value), "onde")


SYSTEMS: dict[str, list[Case]] = {
    "PKI-023": [
        *_device("allowed_domains", ["station-01.smart-bus.dlt.go.th"]),
        *_device("allowed_domains", ["dlt.go.th"]),
        *_device("ext_key_usage_oids", ["1.3.6.1.5.5.7.3.1"]),
        *_device("server_flag", True),
        *_device("key_type", "any"),
        *_device("max_ttl", 366 * 86400),
        *_device("max_ttl", 0),
        *everywhere(without(_DEVICE, "device"), "dlt"),
    ],
    "PKI-024": [
        *live(_client("station-99.smart-bus.dlt.go.th"), "dlt"),
        *live(_client("somebody.admincourt.go.th")),
        *live(_client(days=120), "dlt"),
        *live(_client(dns=()), "dlt"),
        *live(_client(purposes=(*authority.CLIENT, *authority.SERVER)), "dlt"),
        *live(setting("Certificate", "curve", "secp384r1"), "dlt"),
        *live(_client(days=3000), "moph"),
        *live(_client(days=30, dns=(_LINK_HOST, "e-office.moph.go.th")), "moph"),
        *live(_client(days=30, purposes=(*authority.CLIENT, *authority.SERVER)), "moph"),
        *live(setting("Certificate", "curve", "secp384r1"), "moph"),
    ],
    "NET-013": [
        *_note("client-certificate", None),
        *_note("rate-limit-by", "address"),
        *_note("rate-limit-per-minute", "6000"),
        *_note("rate-limit-per-minute", None),
        *_told("TELEMETRY_RATE_PER_MINUTE", "100000"),
        *_told("TELEMETRY_SERIES_QUOTA", None),
        *_told("TELEMETRY_RETENTION_DAYS", "99999"),
        *everywhere(without("Ingress"), "dlt"),
        *everywhere(without("ConfigMap", _SETTINGS), "dlt"),
    ],
    "PDP-010": [
        *manifest(
            stated("systems.0.telemetry.measurements", ("driver-name",)),
            stated("systems.0.telemetry.measurements", ("position", "passenger-face")),
            agency="dlt",
        ),
        *_told("TELEMETRY_MEASUREMENTS", "position,driver"),
        *_told("TELEMETRY_UNKNOWN_FIELDS", "keep"),
        *_told("TELEMETRY_IDENTITY", "user"),
        *everywhere(without("ConfigMap", _SETTINGS), "dlt"),
    ],
    "TEN-019": [
        *everywhere(setting("Deployment", f"{_SPEC}/nodeSelector", None), "police"),
        *everywhere(setting("Deployment", f"{_SPEC}/tolerations", None), "police"),
        *everywhere(setting("Deployment", f"{_SPEC}/tolerations", _ANYWHERE), "police"),
        *everywhere(setting("Deployment", f"{_SPEC}/tolerations", _ANYWHERE)),
        *everywhere(setting("Deployment", f"{_SPEC}/nodeSelector", {labels.POOL: "restricted"})),
        *live(setting("Pod", "spec/nodeName", "lab-01"), "police"),
        *live(setting("Pod", "spec/nodeName", "lab-restricted-1")),
        *live(setting("Pod", "spec/nodeName", "lab-unknown"), "police"),
        *live(only("Node", "lab-restricted-1", "spec", {"taints": []}), "police"),
        *live(without("Node", "lab-restricted-1"), "police"),
        *live(without("Deployment"), "police"),
    ],
    "NET-014": [
        *everywhere(extra(E.CLUSTER, "Ingress", "door", _PUBLIC), "police"),
        *everywhere(extra(E.CLUSTER, "Ingress", "door", _INSIDE), "closed"),
        *everywhere(network("allow-from-gateway", _FROM_GATEWAY), "closed"),
        *everywhere(network("link-ended-in", _FROM_GATEWAY), "closed"),
    ],
    "PDP-011": [
        *everywhere(setting("Namespace", "metadata/labels", {}), "police"),
        *everywhere(setting("Namespace", "metadata/labels", {labels.EXEMPTION: "s4-5"}), "police"),
        *everywhere(without("Namespace"), "police"),
        ("police", PLAN, stated("legal.pdpa.exemption", None)),
        ("police", LIVE, stated("legal.pdpa.exemption", None)),
    ],
    "OPS-011": [
        *manifest(
            stated("services.0.dkim", None),
            stated("services.0.spf", False),
            stated("services.0.central_address", None),
            stated("services.0.central_address", "saraban@example.com"),
            agency="onlb",
        ),
        ("onlb", PLAN, without("HandoverKit")),
        ("onlb", LIVE, setting("HandoverKit", "files/mail-records.yaml", "0" * 64)),
        ("onlb", LIVE, setting("HandoverKit", "files/mail-records.yaml", None)),
    ],
    "IDP-022": [
        *_public("client.session.max.lifespan", "36000"),
        *_public("client.session.idle.timeout", None),
        *_public("access.token.lifespan", "0"),
        *_public("use.refresh.tokens", "true"),
        *everywhere(only("Client", _PUBLIC_CLIENT, "defaultClientScopes", _OFFLINE), "onde"),
        *everywhere(without("Client", _PUBLIC_CLIENT), "onde"),
    ],
    "IDP-023": [
        *everywhere(only("Group", "onde:public", "parent", "onde:signers"), "onde"),
        *everywhere(only("Group", "onde:signers", "parent", "onde:public"), "onde"),
        *everywhere(without("Group", "onde:public"), "onde"),
        *everywhere(binding(kind="Group", name="gdcc:onde:public"), "onde"),
        *live(binding("ClusterRoleBinding", kind="Group", name="gdcc:onde:public"), "onde"),
    ],
    "MOU-018": manifest(
        stated("security.cii", None), stated("security.cii.sector", None), agency="eppo"
    ),
}
