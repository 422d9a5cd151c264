"""kube-apiserver: real admission and RBAC, an audit log, and Keycloak as its token issuer."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

import yaml

from onboarding.lab import cluster, component, etcd, keycloak, kubeconfig
from onboarding.lab import home as homes

NAME = "apiserver"
PORTS = ("apiserver",)
SERVICE_NETWORK = "10.96.0.0/16"
AUDIENCE = "gdcc-cluster"
PREFIX = "gdcc:"
"""Put before names and groups of tokens, so that none can pass for a built-in identity."""


def audit_log(lab: component.Lab) -> Path:
    return lab.home.logs / "audit.log"


def describe(lab: component.Lab) -> component.Component:
    config = lab.home.config
    authentication, audit = config / "authentication.yaml", config / "audit-policy.yaml"
    encryption = lab.home.credentials / "etcd-encryption.yaml"
    return component.Component(
        name=NAME,
        argv=(
            str(lab.engines["kube-apiserver"]),
            f"--etcd-servers={lab.url('etcd-client')}",
            f"--etcd-cafile={lab.certificate('etcd-ca')}",
            f"--etcd-certfile={lab.certificate('etcd-client')}",
            f"--etcd-keyfile={lab.key('etcd-client')}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--secure-port={lab.ports['apiserver']}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            f"--service-cluster-ip-range={SERVICE_NETWORK}",
            f"--tls-cert-file={lab.certificate('server')}",
            f"--tls-private-key-file={lab.key('server')}",
            f"--client-ca-file={lab.certificate('client-ca')}",
            f"--service-account-key-file={lab.home.pki / 'service-account.pub'}",
            f"--service-account-signing-key-file={lab.key('service-account')}",
            # A name, not an address: tokens stay valid when the port has to change.
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--authentication-config={authentication}",
            f"--encryption-provider-config={encryption}",
            f"--audit-policy-file={audit}",
            f"--audit-log-path={audit_log(lab)}",
            "--audit-log-maxsize=100",
            "--audit-log-maxbackup=3",
            "--audit-log-maxage=30",
            "--profiling=false",
            *_kubelet_access(lab),
        ),
        files={
            authentication: yaml.safe_dump(_authentication(lab), sort_keys=False),
            audit: yaml.safe_dump(_AUDIT_POLICY, sort_keys=False),
            kubeconfig.path(lab, "admin"): kubeconfig.render(lab, "admin"),
        },
        reads=(
            lab.certificate("server"),
            lab.certificate("client-ca"),
            lab.certificate("ca"),
            lab.certificate("etcd-client"),
            encryption,
        ),
        ready=lambda lab: component.answers(lab.url(NAME, "/readyz"), lab.trust()),
        after=(etcd.NAME,),
        start_seconds=120,
        prepare=lambda _: _make_encryption(encryption),
        settle=cluster.settle,
    )


def _kubelet_access(lab: component.Lab) -> tuple[str, ...]:
    """Logs of pods and commands in them, where there is a node that has such."""
    if not lab.real:
        return ()
    return (
        "--kubelet-preferred-address-types=InternalIP",
        f"--kubelet-certificate-authority={lab.certificate('ca')}",
        f"--kubelet-client-certificate={lab.certificate('kubelet-client')}",
        f"--kubelet-client-key={lab.key('kubelet-client')}",
    )


def _authentication(lab: component.Lab) -> dict[str, object]:
    """AuthenticationConfiguration apiserver.config.k8s.io/v1: one issuer, and health for anyone."""
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "anonymous": {
            "enabled": True,
            "conditions": [{"path": path} for path in ("/livez", "/readyz", "/healthz")],
        },
        "jwt": [
            {
                "issuer": {
                    "url": keycloak.issuer(lab),
                    "audiences": [AUDIENCE],
                    "certificateAuthority": lab.certificate("ca").read_text(),
                },
                "claimMappings": {
                    "username": {"claim": "preferred_username", "prefix": PREFIX},
                    "groups": {"claim": "groups", "prefix": PREFIX},
                },
                "claimValidationRules": [
                    {
                        "expression": "!claims.preferred_username.startsWith('system:')",
                        "message": "a name must not begin with system:",
                    },
                    {
                        "expression": "!has(claims.groups) || "
                        "dyn(claims.groups).all(g, !string(g).startsWith('system:'))",
                        "message": "a group must not begin with system:",
                    },
                ],
                "userValidationRules": [
                    {
                        "expression": f"user.username.startsWith('{PREFIX}') && "
                        f"user.groups.all(g, g.startsWith('{PREFIX}'))",
                        "message": f"every name and group must begin with {PREFIX}",
                    }
                ],
            }
        ],
    }


_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        # Heartbeats and health checks would bury what people and tools did.
        {"level": "None", "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}]},
        {"level": "None", "nonResourceURLs": ["/livez*", "/readyz*", "/healthz*"]},
        {"level": "Metadata"},
    ],
}


def _make_encryption(path: Path) -> None:
    """Secrets are encrypted in etcd by a key that is made once; without it they are lost."""
    if path.is_file():
        return
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    content = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {
                "resources": ["secrets"],
                "providers": [
                    {"secretbox": {"keys": [{"name": "lab-1", "secret": key}]}},
                    {"identity": {}},
                ],
            }
        ],
    }
    homes.write(path, yaml.safe_dump(content, sort_keys=False))
