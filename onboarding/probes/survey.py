"""What a pod of an agency is to try: read live by the auditor, put together without it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib import parse

from onboarding import environment, kube, labels, tenant
from onboarding.desired import cluster_network
from onboarding.probes import network

_SIMULATED = "kwok.x-k8s.io/node"
"""Annotation of nodes on which nothing runs, whatever their pods report (kwok.sigs.k8s.io)."""
_MOST = 4
"""Workloads of other agencies, and of the agency's own other namespaces, of which a pod is tried,
beside its services."""
_KUBELET = 10250

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """The parts of the cluster that matter here: nodes by name, running pods, services.

    ``server``: the address of its API server; "" where its name leads nowhere from here.
    """

    nodes: Mapping[str, Object]
    pods: Sequence[Object]
    services: Sequence[Object]
    server: str = ""

    def real(self, node: str) -> bool:
        """Whether pods really run on a node."""
        found = self.nodes.get(node)
        return found is not None and _SIMULATED not in _annotations(found)

    def runs(self, pool: str) -> bool:
        """Whether pods of a pool of nodes really run; "" for the nodes of no pool."""
        return any(
            self.real(name) and _labels(node).get(labels.POOL, "") == pool
            for name, node in self.nodes.items()
        )


def read(cluster: kube.Cluster, target: environment.Environment) -> Seen:
    """Raises ``errors.Unreachable`` and its like."""
    nodes = {one["metadata"]["name"]: one for one in cluster.list("Node")}
    pods = cluster.list("Pod", selector=labels.AGENCY)
    pods += cluster.list("Pod", namespace=target.cluster.gateway_namespace)
    services = cluster.list("Service", selector=labels.AGENCY)
    services += cluster.list("Service", namespace="default")
    server = _address(_place(target.cluster.server)[0])
    return Seen(nodes, [pod for pod in pods if _ready(pod)], services, server)


def _address(host: str) -> str:
    """A pod may know no names: what it cannot look up it does not try at all."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ""
    return str(found[0][4][0])


def targets(
    seen: Seen, of: tenant.Tenant, instance: tenant.Instance, target: environment.Environment
) -> tuple[network.Target, ...]:
    """All that a pod of an instance is to try."""
    return (
        *_platform(target),
        *_strangers(seen, of, instance),
        *_nodes(seen),
        *_api_server(seen, target),
        network.Target(
            "the cloud's metadata service",
            str(cluster_network.METADATA_SERVICE),
            80,
            network.METADATA,
        ),
        *_links(seen, of, instance, target),
    )


def _platform(target: environment.Environment) -> Iterator[network.Target]:
    """What every pod may reach: it shows that the pod has a network."""
    if target.cluster.egress_cidrs:
        named = {"Vault": target.vault.address, "Keycloak": target.keycloak.address}
        for name, address in named.items():
            yield network.Target(name, *_place(address), "", allowed=True)


def _strangers(
    seen: Seen, of: tenant.Tenant, instance: tenant.Instance
) -> Iterator[network.Target]:
    """Pods of other namespaces that answer, databases among them where there are some.

    Another shard or system of the same agency is as closed as another agency.
    """
    answering = [
        pod
        for pod in seen.pods
        if labels.AGENCY in _labels(pod)
        and _space(pod) != instance.namespace
        and seen.real(pod["spec"].get("nodeName") or "")
        and _ports(pod)
    ]
    foreign = [pod for pod in answering if _labels(pod)[labels.AGENCY] != of.id]
    own = [pod for pod in answering if _labels(pod)[labels.AGENCY] == of.id]
    yield from _tries(seen, foreign, "of another agency", network.FOREIGN)
    yield from _tries(seen, own, "in another namespace of the agency", network.DENIED)


def _tries(
    seen: Seen, pods: Sequence[Object], whose: str, control: str
) -> Iterator[network.Target]:
    # One of each workload, before a second of any.
    workloads = {(_space(pod), _name(pod).rpartition("-")[0]): pod for pod in pods}
    for pod in list(workloads.values())[:_MOST]:
        name = f"{_space(pod)}/{_name(pod)}"
        address, port = pod["status"]["podIP"], _ports(pod)[0]
        yield network.Target(f"pod {name} {whose}", address, port, control)
        for service in seen.services:
            if _leads_to(service, pod):
                name = f"{_space(service)}/{_name(service)}"
                yield network.Target(
                    f"service {name} {whose}",
                    service["spec"]["clusterIP"],
                    service["spec"]["ports"][0]["port"],
                    control,
                )


def _leads_to(service: Object, pod: Object) -> bool:
    spec = service["spec"]
    wanted = spec.get("selector") or {}
    return bool(
        _space(service) == _space(pod)
        and spec.get("clusterIP") not in (None, "", "None")
        and spec.get("ports")
        and wanted
        and wanted.items() <= _labels(pod).items()
    )


def _nodes(seen: Seen) -> Iterator[network.Target]:
    """The kubelet of a real node."""
    for name, node in seen.nodes.items():
        addresses = node["status"].get("addresses") or ()
        inner = next((a["address"] for a in addresses if a["type"] == "InternalIP"), "")
        if inner and seen.real(name) and _condition(node, "Ready"):
            end = (node["status"].get("daemonEndpoints") or {}).get("kubeletEndpoint") or {}
            port = int(end.get("Port") or _KUBELET)
            yield network.Target(f"node {name}", inner, port, network.DENIED)
            return


def _api_server(seen: Seen, target: environment.Environment) -> Iterator[network.Target]:
    """By its address, unless pods may go there or it is their own loopback, and by its service."""
    host, port = _place(target.cluster.server)
    if not seen.server:
        absent = f"its name {host} leads to no address from here"
        yield network.Target("the API server", "", port, network.DENIED, absent=absent)
    elif not _open(target, ipaddress.ip_address(seen.server), port):
        yield network.Target("the API server", seen.server, port, network.DENIED)
    for service in seen.services:
        if (_space(service), _name(service)) == ("default", "kubernetes"):
            spec = service["spec"]
            yield network.Target(
                "the API server's service",
                spec["clusterIP"],
                spec["ports"][0]["port"],
                network.DENIED,
            )


def _open(
    target: environment.Environment,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    port: int,
) -> bool:
    """Whether what is opened for Vault and Keycloak leads there, too, or no rule can hinder it."""
    if address.is_loopback:
        return True
    opened = (_place(a)[1] for a in (target.vault.address, target.keycloak.address))
    ranges = map(ipaddress.ip_network, target.cluster.egress_cidrs)
    return port in opened and any(address in one for one in ranges)


def _links(
    seen: Seen, of: tenant.Tenant, instance: tenant.Instance, target: environment.Environment
) -> Iterator[network.Target]:
    """The gateway, by which alone a link leads."""
    space = target.cluster.gateway_namespace
    gateways = [
        pod
        for pod in seen.pods
        if _space(pod) == space and seen.real(pod["spec"].get("nodeName") or "")
    ]
    for link in of.carries(instance):
        host = gateways[0]["status"]["podIP"] if gateways else ""
        yield network.Target(
            f"link {link.id} by the gateway",
            host,
            cluster_network.GATEWAY_PORT,
            network.LINK,
            allowed=True,
        )


def _place(address: str) -> tuple[str, int]:
    parts = parse.urlsplit(address)
    return parts.hostname or "", parts.port or 443


def _ready(pod: Object) -> bool:
    return bool((pod.get("status") or {}).get("podIP")) and _condition(pod, "Ready")


def _condition(of: Object, kind: str) -> bool:
    found = (of.get("status") or {}).get("conditions") or ()
    return any(c["type"] == kind and c["status"] == "True" for c in found)


def _ports(pod: Object) -> list[int]:
    return [
        int(port["containerPort"])
        for container in pod["spec"].get("containers") or ()
        for port in container.get("ports") or ()
        if port.get("protocol", "TCP") == "TCP"
    ]


def _space(of: Object) -> str:
    return str(of["metadata"]["namespace"])


def _name(of: Object) -> str:
    return str(of["metadata"]["name"])


def _labels(of: Object) -> Mapping[str, str]:
    return of["metadata"].get("labels") or {}


def _annotations(of: Object) -> Mapping[str, str]:
    return of["metadata"].get("annotations") or {}
