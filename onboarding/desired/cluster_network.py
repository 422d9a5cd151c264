"""Network policies of a namespace: nothing in or out, then exactly what is needed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib import parse

from onboarding import environment, errors, item
from onboarding.desired import cluster_place, egress
from onboarding.products import pods

API_VERSION = "networking.k8s.io/v1"
PORT = 8000
"""Port on which a system's pods listen."""
GATEWAY_PORT = 443
METADATA_SERVICE = ipaddress.ip_address("169.254.169.254")
"""Where clouds hand credentials to whoever asks (control NET-008)."""


def items(place: cluster_place.Place) -> Iterator[item.Item]:
    """Default deny (NET-001), DNS (NET-002), the gateway, and the environment's own services.

    The outside world, ThaID and other agencies are reached through the egress gateway only.
    """
    cluster = place.target.cluster
    yield _policy(place, "default-deny", {}, {"policyTypes": ["Ingress", "Egress"]})
    yield _policy(
        place,
        "allow-dns",
        {},
        _egress(
            [_pods(cluster.dns_namespace, {"k8s-app": "kube-dns"})],
            [("UDP", 53), ("TCP", 53)],
        ),
    )
    if place.instance.host:
        yield _policy(
            place,
            "allow-from-gateway",
            place.pods(),
            {
                "policyTypes": ["Ingress"],
                "ingress": [
                    {"from": [_pods(cluster.gateway_namespace)], "ports": _ports([("TCP", PORT)])}
                ],
            },
        )
    yield _policy(
        place,
        egress.POLICY,
        place.pods(),
        _egress([_pods(cluster.gateway_namespace)], [("TCP", GATEWAY_PORT)]),
        {egress.HOSTS: ",".join(egress.hosts(place.of, place.instance))},
    )
    if cluster.egress_cidrs:
        yield _policy(
            place,
            "allow-platform",
            place.pods(),
            _egress(
                [_range(cidr) for cidr in sorted(cluster.egress_cidrs)],
                [("TCP", port) for port in _platform_ports(place.target)],
            ),
        )
    if place.run:
        yield from _database(place)


def _database(place: cluster_place.Place) -> Iterator[item.Item]:
    """The product reaches its database, nobody else does, and the database Vault alone.

    Raises ``errors.Refused`` where no address of Vault is known: it could read no password.
    """
    cidrs = sorted(place.target.cluster.egress_cidrs)
    if not cidrs:
        raise errors.Refused(
            f"the pods of {place.instance.namespace} could not reach Vault for their secrets",
            resolution="List the addresses of Vault and Keycloak in cluster.egressCidrs.",
        )
    database = place.database_pods()
    port = [("TCP", pods.DATABASE_PORT)]
    within = {"podSelector": {"matchLabels": place.pods()}}
    yield _policy(
        place,
        "allow-database",
        database,
        {"policyTypes": ["Ingress"], "ingress": [{"from": [within], "ports": _ports(port)}]},
    )
    to_it = _egress([{"podSelector": {"matchLabels": database}}], port)
    yield _policy(place, "allow-to-database", place.pods(), to_it)
    vault = _egress([_range(cidr) for cidr in cidrs], [("TCP", _port(place.target.vault.address))])
    yield _policy(place, "allow-database-secrets", database, vault)


def gateway(place: cluster_place.Place) -> dict[str, Any]:
    """The platform's gateway as the peer of a rule."""
    return _pods(place.target.cluster.gateway_namespace)


def _policy(
    place: cluster_place.Place,
    name: str,
    selected: dict[str, str],
    rules: dict[str, Any],
    annotations: dict[str, str] | None = None,
) -> item.Item:
    selector = {"matchLabels": selected} if selected else {}
    fields = {"spec": {"podSelector": selector, **rules}}
    return place.item("NetworkPolicy", name, API_VERSION, fields, annotations=annotations)


def _egress(to: list[dict[str, Any]], ports: list[tuple[str, int]]) -> dict[str, Any]:
    return {"policyTypes": ["Egress"], "egress": [{"to": to, "ports": _ports(ports)}]}


def _ports(ports: list[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"protocol": protocol, "port": port} for protocol, port in ports]


def _pods(namespace: str, selected: dict[str, str] | None = None) -> dict[str, Any]:
    peer: dict[str, Any] = {
        "namespaceSelector": {"matchLabels": {cluster_place.NAMESPACE_NAME: namespace}}
    }
    if selected:
        peer["podSelector"] = {"matchLabels": selected}
    return peer


def _range(cidr: str) -> dict[str, Any]:
    try:
        network = ipaddress.ip_network(cidr)
    except ValueError as broken:
        raise errors.Refused(
            f"the egress range {cidr!r} of the environment is not a network: {broken}",
            resolution="Correct cluster.egressCidrs in the environment file.",
        ) from broken
    if network.prefixlen == 0 or network.subnet_of(_link_local(network)):
        raise errors.Refused(
            f"the egress range {cidr} would open the tenants' pods to "
            + ("the whole world" if network.prefixlen == 0 else "link-local services"),
            resolution="List the addresses of Vault and Keycloak in cluster.egressCidrs.",
        )
    block: dict[str, Any] = {"cidr": str(network)}
    if METADATA_SERVICE in network:
        block["except"] = [f"{METADATA_SERVICE}/32"]
    return {"ipBlock": block}


def _link_local(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Any:
    return ipaddress.ip_network("169.254.0.0/16" if network.version == 4 else "fe80::/10")


def _platform_ports(target: environment.Environment) -> list[int]:
    addresses = (target.vault.address, target.keycloak.address)
    return sorted({_port(address) for address in addresses})


def _port(address: str) -> int:
    return parse.urlsplit(address).port or 443
