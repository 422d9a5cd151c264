"""What a link needs in Vault: a role for its mTLS certificate, a key pair, and rights to both.

The workload makes its own key and has ``sign/link-<id>`` sign the request, under the token that
it gets for its service account; nobody else may ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onboarding import tenant, tenant_link
from onboarding.desired import link_profile, pki_profile

OIDC_KEY = "oidc-client"


def folder(of: tenant.Tenant, link: tenant_link.Link) -> str:
    """Where the secrets of a link are, below the KV mount."""
    return f"{of.kv_prefix}link-{link.id}"


def key_pair_path(of: tenant.Tenant, link: tenant_link.Link) -> str:
    """Where the key pair of the link's OIDC client is, below the KV mount."""
    return f"{folder(of, link)}/{OIDC_KEY}"


def signing_path(of: tenant.Tenant, link: tenant_link.Link) -> str:
    """Where the workload has its client certificate signed."""
    return f"{of.pki_mount}/sign/{link.pki_role}"


def rules(of: tenant.Tenant, instance: tenant.Instance) -> Mapping[str, Sequence[str]]:
    """What the workload of an instance may do for the links that it carries."""
    made: dict[str, Sequence[str]] = {}
    for link in of.carries(instance):
        made[f"{of.kv_mount}/data/{folder(of, link)}/+"] = ("read",)
        made[signing_path(of, link)] = ("update",)
    return made


def role(link: tenant_link.Link, closed: Mapping[str, Any], organization: str) -> dict[str, Any]:
    """A PKI role for one name and one purpose; ``closed`` is what no role allows."""
    profile = link_profile.section("certificate")
    seconds = profile["days"] * pki_profile.SECONDS_PER_DAY
    return {
        **closed,
        "enforce_hostnames": True,
        "cn_validations": ["hostname"],
        "allowed_domains": [link.host],
        "server_flag": False,
        "organization": [organization],
        "key_type": "ec",
        "key_bits": 256,
        "key_usage": list(profile["keyUsage"]),
        "ext_key_usage_oids": list(profile["extendedKeyUsage"]),
        "ttl": seconds,
        "max_ttl": seconds,
    }
