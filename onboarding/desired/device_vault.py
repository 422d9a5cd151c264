"""What devices need in Vault: one role that signs for them by name, and for nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onboarding import tenant
from onboarding.desired import pki_profile

ROLE = "device"


def signing_path(of: tenant.Tenant) -> str:
    """Where a device's request is signed."""
    return f"{of.pki_mount}/sign/{ROLE}"


def rules(of: tenant.Tenant) -> Mapping[str, Sequence[str]]:
    """What whoever issues certificates for the agency may do for its devices."""
    return {signing_path(of): ("update",)} if of.devices else {}


def role(of: tenant.Tenant, closed: Mapping[str, Any], organization: str) -> dict[str, Any]:
    """A PKI role that lists every device of the manifest; ``closed`` is what no role allows."""
    profile = pki_profile.section("device")
    seconds = profile["days"] * pki_profile.SECONDS_PER_DAY
    return {
        **closed,
        "enforce_hostnames": True,
        "cn_validations": ["hostname"],
        "allowed_domains": sorted(device.name for device in of.devices),
        "server_flag": False,
        "organization": [organization],
        "key_type": "ec",
        "key_bits": 256,
        "key_usage": list(profile["keyUsage"]),
        "ext_key_usage_oids": list(profile["extendedKeyUsage"]),
        "ttl": seconds,
        "max_ttl": seconds,
    }
