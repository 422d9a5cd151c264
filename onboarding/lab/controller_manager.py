"""kube-controller-manager: deployments, quotas, namespaces, service accounts, volumes."""

from __future__ import annotations

from onboarding.lab import apiserver, component, kubeconfig

NAME = "controller-manager"
PORTS = ("controller-manager",)


def describe(lab: component.Lab) -> component.Component:
    config = kubeconfig.path(lab, NAME)
    return component.Component(
        name=NAME,
        argv=(
            str(lab.engines["kube-controller-manager"]),
            f"--kubeconfig={config}",
            f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}",
            "--bind-address=127.0.0.1",
            f"--secure-port={lab.ports[NAME]}",
            f"--tls-cert-file={lab.certificate('server')}",
            f"--tls-private-key-file={lab.key('server')}",
            "--leader-elect=false",
            f"--root-ca-file={lab.certificate('ca')}",
            f"--service-account-private-key-file={lab.key('service-account')}",
            "--use-service-account-credentials",
            # A lab sleeps with its computer; pods must not be evicted when it wakes up.
            "--node-monitor-grace-period=10m",
            "--profiling=false",
        ),
        files={config: kubeconfig.render(lab, NAME)},
        reads=(lab.certificate("server"), lab.certificate(NAME), lab.certificate("ca")),
        ready=lambda lab: component.answers(lab.url(NAME, "/healthz"), lab.trust()),
        after=(apiserver.NAME,),
    )
