"""kube-proxy: the addresses of services on the lab's real node."""

from __future__ import annotations

import yaml

from onboarding.lab import apiserver, component, kubeconfig
from onboarding.lab.real import gate, kubelet, node, place

NAME = "kube-proxy"
PORTS: tuple[str, ...] = ()
_HEALTH_PORT = 10256


def describe(lab: component.Lab) -> component.Component:
    config, access = lab.home.config / "kube-proxy.yaml", kubeconfig.path(lab, NAME)
    content = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "bindAddress": kubelet.address(lab),
        "healthzBindAddress": f"{kubelet.address(lab)}:{_HEALTH_PORT}",
        "metricsBindAddress": "127.0.0.1:10249",
        "clientConnection": {"kubeconfig": str(access)},
        "clusterCIDR": str(place.network(lab.ports["apiserver"]).pods),
        "hostnameOverride": place.NODE,
        # The table of connections is the whole computer's.
        "conntrack": {"maxPerCore": 0, "min": 0},
    }
    return component.Component(
        name=NAME,
        argv=node.entering(lab.home, str(lab.engines["kube-proxy"]), f"--config={config}"),
        environ={"PATH": node.PATH},
        files={
            config: yaml.safe_dump(content, sort_keys=False),
            access: kubeconfig.render(lab, NAME, lab.host),
        },
        reads=(lab.certificate(NAME), lab.certificate("ca")),
        ready=lambda lab: node.answers(f"http://{kubelet.address(lab)}:{_HEALTH_PORT}/healthz"),
        after=(node.NAME, gate.NAME, apiserver.NAME, kubelet.NAME),
    )
