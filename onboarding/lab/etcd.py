"""etcd: the cluster's memory. fsync stays on; only the API server holds a client certificate."""

from __future__ import annotations

from onboarding.lab import component

NAME = "etcd"
PORTS = ("etcd-client", "etcd-peer")


def describe(lab: component.Lab) -> component.Component:
    client, peer = lab.url("etcd-client"), lab.url("etcd-peer")
    certificate, key, ca = lab.certificate("etcd"), lab.key("etcd"), lab.certificate("etcd-ca")
    return component.Component(
        name=NAME,
        argv=(
            str(lab.engines["etcd"]),
            "--name=lab",
            f"--data-dir={lab.home.data(NAME)}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=lab={peer}",
            f"--cert-file={certificate}",
            f"--key-file={key}",
            f"--trusted-ca-file={ca}",
            "--client-cert-auth=true",
            f"--peer-cert-file={certificate}",
            f"--peer-key-file={key}",
            f"--peer-trusted-ca-file={ca}",
            "--peer-client-cert-auth=true",
            "--auto-compaction-mode=periodic",
            "--auto-compaction-retention=30m",
            "--log-level=warn",
        ),
        reads=(certificate, ca),
        ready=_ready,
        start_seconds=30,
        prepare=lambda lab: lab.home.data(NAME).mkdir(mode=0o700, parents=True, exist_ok=True),
    )


def _ready(lab: component.Lab) -> str:
    return component.answers(lab.url("etcd-client", "/health"), lab.trust("etcd-ca", "etcd-client"))
