"""Kubeconfig files for the lab's own identities, by paths of certificate and key."""

from __future__ import annotations

from pathlib import Path

import yaml

from onboarding.lab import component
from onboarding.lab import ports as ports_module

CONTEXT = "onboard-lab"


def path(lab: component.Lab, identity: str) -> Path:
    if identity == "admin":
        return lab.home.credentials / "admin.kubeconfig"
    return lab.home.config / f"{identity}.kubeconfig"


def render(lab: component.Lab, identity: str, host: str = ports_module.ADDRESS) -> str:
    """A kubeconfig that signs in with the client certificate of ``identity``."""
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": CONTEXT,
                    "cluster": {
                        "server": lab.url("apiserver", host=host),
                        "certificate-authority": str(lab.certificate("ca")),
                    },
                }
            ],
            "users": [
                {
                    "name": identity,
                    "user": {
                        "client-certificate": str(lab.certificate(identity)),
                        "client-key": str(lab.key(identity)),
                    },
                }
            ],
            "contexts": [
                {"name": CONTEXT, "context": {"cluster": CONTEXT, "user": identity}},
            ],
            "current-context": CONTEXT,
        },
        sort_keys=False,
    )
