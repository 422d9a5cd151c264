"""Variables with which other tools find the lab; paths and addresses, never a secret."""

from __future__ import annotations

from collections.abc import Mapping

from onboarding.lab import home as homes
from onboarding.lab import kubeconfig, plugins, runtime


def variables(home: homes.Home) -> Mapping[str, str]:
    """Raises ``errors.UsageError`` where there is no lab."""
    lab = runtime.current(home)
    return {
        "KUBECONFIG": str(kubeconfig.path(lab, "admin")),
        "VAULT_ADDR": lab.url("openbao"),
        "VAULT_CACERT": str(lab.certificate("ca")),
        "BAO_ADDR": lab.url("openbao"),
        "BAO_CACERT": str(lab.certificate("ca")),
        "PULUMI_HOME": str(home.pulumi),
        "PULUMI_BACKEND_URL": f"file://{plugins.backend(home)}",
        "ONBOARD_ENVIRONMENT": str(home.environment_file),
    }
