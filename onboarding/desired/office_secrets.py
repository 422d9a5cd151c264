"""How secrets come into the pods of an e-Office: an agent reads them from Vault, as the pods' own
service account, and writes them as files in memory. Its configuration names paths only."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from onboarding import environment, item, labels
from onboarding.desired import cluster_place, cluster_pod, office, sso, vault
from onboarding.products import contract, pods

CONFIG = "/config"
AGENT_HASH = labels.PREFIX + "agent-hash"
_RENDERED_EVERY = "1m"
"""A secret that was changed in Vault stands in the file by then."""
_SIZE = "1Mi"


def config_map(place: cluster_place.Place, workload: str, files: Mapping[str, str]) -> item.Item:
    """The agent's configuration, for the pods of one workload."""
    data = {"agent.hcl": _configuration(place, files)}
    return place.item("ConfigMap", _config_name(workload), "v1", {"data": data})


def files(place: cluster_place.Place, product: contract.Product) -> dict[str, str]:
    """Templates by file name of what the product reads; they name secrets and hold none."""
    words = {"database": _password(place, pods.DATABASE), "key": _password(place, pods.KEY)}
    own = product.pods.files.items()
    by_secret = place.instance in place.of.signed_in_to and not product.sign_in.proves_by_key
    return {
        **{name: string.Template(text).substitute(words) for name, text in own},
        **{name: _whole(place, name) for name in office.ACCOUNTS},
        **({sso.OIDC_SECRET: _whole(place, sso.OIDC_SECRET)} if by_secret else {}),
    }


def database_files(place: cluster_place.Place) -> dict[str, str]:
    """As ``files``, for the database."""
    return {"password": _password(place, pods.DATABASE)}


def marks(place: cluster_place.Place, files: Mapping[str, str]) -> dict[str, str]:
    """Annotation of a pod template: the agent reads its configuration at start only."""
    return {AGENT_HASH: item.content_hash({"agent.hcl": _configuration(place, files)})}


def _config_name(workload: str) -> str:
    return f"{workload}-agent"


def agent(
    place: cluster_place.Place, run: environment.Run, name: str, *, stays: bool
) -> dict[str, Any]:
    """The container of the agent: one that ends when the files are there, or one that ``stays``
    beside the product and renews them."""
    command = ["bao", "agent", f"-config={CONFIG}/agent.hcl"]
    return {
        "name": name,
        "image": run.secrets,
        "imagePullPolicy": run.pull,
        "command": command if stays else [*command, "-exit-after-auth"],
        **({"restartPolicy": "Always"} if stays else {}),
        "resources": {
            "requests": {"cpu": "10m", "memory": "64Mi"},
            "limits": {"cpu": "100m", "memory": "128Mi"},
        },
        "securityContext": cluster_pod.SECURITY,
        "volumeMounts": [
            {"name": "agent", "mountPath": CONFIG, "readOnly": True},
            {"name": "secrets", "mountPath": pods.SECRETS},
            {"name": "vault-token", "mountPath": cluster_pod.VAULT_FOLDER, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - inside the container
            _TRUST_MOUNT,
        ],
    }


_TRUST_MOUNT = {"name": "trust", "mountPath": "/etc/trust", "readOnly": True}


def mounts() -> list[dict[str, Any]]:
    """What a container sees that uses the secrets."""
    return [{"name": "secrets", "mountPath": pods.SECRETS, "readOnly": True}, _TRUST_MOUNT]


def volumes(workload: str, run: environment.Run) -> list[dict[str, Any]]:
    """Volumes of the agent and of what it writes; the secrets are never on a disk."""
    return [
        {"name": "agent", "configMap": {"name": _config_name(workload)}},
        {"name": "secrets", "emptyDir": {"medium": "Memory", "sizeLimit": _SIZE}},
        {"name": "trust", "configMap": {"name": run.trust}},
        cluster_pod.vault_token(),
    ]


def _secret(place: cluster_place.Place, name: str) -> str:
    return f'{{{{ with secret "{office.secret(place.of, place.instance, name)}" }}}}'


def _password(place: cluster_place.Place, name: str) -> str:
    return _secret(place, name) + "{{ .Data.data.password }}{{ end }}"


def _whole(place: cluster_place.Place, name: str) -> str:
    """A secret's data as JSON."""
    return _secret(place, name) + "{{ .Data.data | toJSON }}{{ end }}"


def _configuration(place: cluster_place.Place, files: Mapping[str, str]) -> str:
    """In HCL, as ``bao agent`` reads it (OpenBao documentation, Agent and Template)."""
    head = f"""vault {{
  address = "{place.target.vault.address}"
  ca_cert = "{pods.TRUST}"
}}

auto_auth {{
  method "kubernetes" {{
    mount_path = "auth/{vault.AUTH_MOUNT}"
    config = {{
      role       = "{place.instance.namespace}"
      token_path = "{cluster_pod.VAULT_TOKEN_FILE}"
    }}
  }}
}}

template_config {{
  static_secret_render_interval = "{_RENDERED_EVERY}"
}}
"""
    return head + "".join(_template(name, text) for name, text in sorted(files.items()))


def _template(name: str, text: str) -> str:
    return f"""
template {{
  destination          = "{pods.SECRETS}/{name}"
  perms                = "0600"
  error_on_missing_key = true
  contents             = <<EOT
{text}
EOT
}}
"""
