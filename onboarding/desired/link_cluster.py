"""What a link gets in the namespace that carries it: a way to the gateway, and the route there.

Never from pod to pod: both agencies talk to the gateway only, which knows the routes by the
ConfigMaps that carry the label of a link, lets nothing else pass, and writes the log.
"""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import item, labels, tenant_link
from onboarding.desired import (
    cluster_network,
    cluster_place,
    link_profile,
    link_realm,
    link_vault,
)
from onboarding.manifest import systems


def items(place: cluster_place.Place) -> Iterator[item.Item]:
    """For each link that the instance carries: the route, and a pair of network policies."""
    for link in place.of.carries(place.instance):
        marks = {labels.LINK: link.id}
        yield place.item(
            "ConfigMap", name(link), "v1", {"data": route(place, link)}, labels_too=marks
        )
        for suffix, rules in _ways(place).items():
            spec = {"podSelector": {"matchLabels": place.pods()}, **rules}
            yield place.item(
                "NetworkPolicy",
                f"{name(link)}-{suffix}",
                cluster_network.API_VERSION,
                {"spec": spec},
                labels_too=marks,
            )


def name(link: tenant_link.Link) -> str:
    """Name of the route, and the beginning of the names of its network policies."""
    return f"link-{link.id}"


def way_in(link: tenant_link.Link) -> str:
    """Name of the network policy by which the gateway reaches the workload for a link."""
    return f"{name(link)}-in"


def _ways(place: cluster_place.Place) -> dict[str, dict[str, object]]:
    gateway = cluster_network.gateway(place)
    return {
        "in": {
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [gateway], "ports": port(cluster_network.PORT)}],
        },
        "out": {
            "policyTypes": ["Egress"],
            "egress": [{"to": [gateway], "ports": port(cluster_network.GATEWAY_PORT)}],
        },
    }


def port(number: int) -> list[dict[str, object]]:
    """The ports of a rule that opens one and no more."""
    return [{"protocol": "TCP", "port": number}]


def route(place: cluster_place.Place, link: tenant_link.Link) -> dict[str, str]:
    """Settings of the gateway for one link, and where the workload finds keys; no secret."""
    of, declared = place.of, link.declaration
    gateway = link_profile.section("gateway")
    issuer = f"{place.target.keycloak.address.rstrip('/')}/realms/{of.realm}"
    return {
        "link": link.id,
        "kind": declared.kind,
        "agency": of.id,
        "peer": declared.peer,
        "direction": declared.direction,
        "dataset": declared.dataset,
        "class": declared.data_class,
        "agreement": link.digest,
        "expires": declared.expires.isoformat(),
        "gateway": f"{place.target.cluster.gateway_namespace}:{cluster_network.GATEWAY_PORT}",
        "certificate-name": link.host,
        "certificate-request": link_vault.signing_path(of, link),
        "issuer": issuer,
        "client-id": link.client,
        "client-auth": "private_key_jwt",
        "client-key": f"{of.kv_mount}/{link_vault.key_pair_path(of, link)}",
        "audience": link.audience,
        "scopes": " ".join(link_realm.scopes(link)),
        "accepted-client": link.audience,
        "requests-per-minute": str(declared.requests_per_minute or gateway["requestsPerMinute"]),
        "log-fields": ",".join(gateway["logFields"]),
        "log-keep-days": str(gateway["logKeepDays"]),
        **_of_kind(link),
    }


def _of_kind(link: tenant_link.Link) -> dict[str, str]:
    declared = link.declaration
    found: dict[str, str] = {}
    if declared.kind == "health-link":
        own = declared.health_link or systems.HealthLink()
        found = {
            "consent-mode": declared.consent_mode or "",
            "consent-webhook": own.consent_webhook,
            "facility-codes": ",".join(sorted(declared.facility_codes)),
            "clinician-check": str(declared.clinician_check is True).lower(),
        }
    if declared.portal:
        found = {
            "public-api": declared.portal.public_api,
            "portal-operator": declared.portal.operator,
            "identities": ",".join(sorted(declared.portal.identities)),
        }
    if declared.intake:
        found = {
            "channel": declared.intake.channel,
            "mask": ",".join(sorted(declared.intake.masked)),
            "answer-hours": str(declared.intake.answer_hours or ""),
        }
    return found
