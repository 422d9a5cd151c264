"""kubelet: makes the lab's real node a node of its cluster."""

from __future__ import annotations

from typing import Any

import yaml

from onboarding import labels
from onboarding.lab import apiserver, cluster, component, kubeconfig, wire
from onboarding.lab.real import containers, gate, images, node, place

NAME = "kubelet"
PORTS: tuple[str, ...] = ()
PORT = 10250
_HEALTH_PORT = 10248
DNS = "10.96.0.10"
DOMAIN = "cluster.local"


def describe(lab: component.Lab) -> component.Component:
    config, access = lab.home.config / "kubelet.yaml", kubeconfig.path(lab, NAME)
    return component.Component(
        name=NAME,
        argv=node.entering(
            lab.home,
            str(lab.engines["kubelet"]),
            f"--config={config}",
            f"--kubeconfig={access}",
            f"--hostname-override={place.NODE}",
            f"--node-ip={address(lab)}",
            f"--root-dir={lab.home.data(NAME)}",
            f"--node-labels={labels.POOL}={place.POOL}",
            f"--register-with-taints={labels.POOL}={place.POOL}:NoSchedule",
        ),
        environ={"PATH": node.PATH},
        files={
            config: yaml.safe_dump(_config(lab), sort_keys=False),
            access: kubeconfig.render(lab, NAME, lab.host),
            # Pods that keep away from the cluster's names resolve none.
            lab.home.config / "resolv.conf": "",
        },
        reads=(lab.certificate(NAME), lab.certificate("kubelet-server"), lab.certificate("ca")),
        ready=_ready,
        after=(containers.NAME, apiserver.NAME, gate.NAME),
        start_seconds=120,
        settle=_settle,
    )


def address(lab: component.Lab) -> str:
    return str(place.network(lab.ports["apiserver"]).node)


def _config(lab: component.Lab) -> dict[str, Any]:
    """KubeletConfiguration kubelet.config.k8s.io/v1beta1."""
    home = lab.home
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": address(lab),
        "port": PORT,
        "healthzBindAddress": address(lab),
        "healthzPort": _HEALTH_PORT,
        "tlsCertFile": str(lab.certificate("kubelet-server")),
        "tlsPrivateKeyFile": str(lab.key("kubelet-server")),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(lab.certificate("client-ca"))},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": f"unix://{images.SOCKET}",
        "clusterDNS": [DNS],
        "clusterDomain": DOMAIN,
        "resolvConf": str(home.config / "resolv.conf"),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{place.group(home)}",
        "failCgroupV1": False,
        "enforceNodeAllocatable": [],
        "localStorageCapacityIsolation": False,
        "failSwapOn": False,
        "maxPods": 100,
        "evictionHard": {"memory.available": "200Mi", "nodefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "volumePluginDir": str(home.data(NAME) / "plugins"),
        "podLogsDir": "/var/log/pods",
    }


def _ready(lab: component.Lab) -> str:
    answer = wire.request(
        "GET", lab.url("apiserver", f"/api/v1/nodes/{place.NODE}"), lab.trust(client="admin")
    )
    if answer.status != 200:
        return f"the node is not registered ({answer.status})"
    conditions = answer.json().get("status", {}).get("conditions", [])
    ready = [one for one in conditions if one["type"] == "Ready"]
    if not ready:
        return "it has not reported yet"
    return "" if ready[0]["status"] == "True" else str(ready[0]["message"])


def _settle(lab: component.Lab) -> None:
    """The range of its pods, which the firewall needs; kubelet may not set it itself."""
    pods = str(place.network(lab.ports["apiserver"]).pods)
    body = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": place.NODE, "labels": {labels.POOL: place.POOL}},
        "spec": {"podCIDR": pods, "podCIDRs": [pods]},
    }
    cluster.apply(lab, [(f"/api/v1/nodes/{place.NODE}", body)])
