"""kube-router's firewall: enforces network policies on the lab's real node."""

from __future__ import annotations

from onboarding.lab import apiserver, component, kubeconfig
from onboarding.lab.real import gate, kubelet, node, place

NAME = "firewall"
PORTS: tuple[str, ...] = ()
_HEALTH_PORT = 20244


def describe(lab: component.Lab) -> component.Component:
    access = kubeconfig.path(lab, NAME)
    return component.Component(
        name=NAME,
        argv=node.entering(
            lab.home,
            str(lab.engines["kube-router"]),
            f"--kubeconfig={access}",
            f"--hostname-override={place.NODE}",
            f"--service-cluster-ip-range={apiserver.SERVICE_NETWORK}",
            f"--health={kubelet.address(lab)}:{_HEALTH_PORT}",
            "--iptables-sync-period=1m",
        ),
        environ={"PATH": node.PATH},
        files={access: kubeconfig.render(lab, NAME, lab.host)},
        reads=(lab.certificate(NAME), lab.certificate("ca")),
        ready=lambda lab: node.answers(f"http://{kubelet.address(lab)}:{_HEALTH_PORT}/healthz"),
        after=(node.NAME, gate.NAME, apiserver.NAME, kubelet.NAME),
        start_seconds=90,
    )
