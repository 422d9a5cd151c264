"""Done in Vault only for an agency that leaves: revoke, close its CA, remove its secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onboarding import environment, errors, tenant, vault
from onboarding.desired import vault_policies
from onboarding.engines.vault_pki import authority
from onboarding.pki import listing, revocation


def close_authority(door: vault.Vault, of: tenant.Tenant, usage: Sequence[str]) -> None:
    """Publish the last list, then take from the CA's key the right to issue.

    Raises ``errors.Refused`` where a certificate could still be used: after this the list is
    final.
    """
    left = revocation.standing(listing.leaves(door, of))
    if left:
        raise errors.Refused(
            f"{of.pki_mount}: {len(left)} certificate(s) are neither revoked nor ended",
            details=[f"{c.facts['commonName']}, serial {c.serial}" for c in left],
            resolution="They were issued after the others had been revoked. Cancel the leaving, "
            "and begin it anew.",
        )
    revocation.publish(door, of, anew=True)
    issuer = str((door.read(f"{of.pki_mount}/config/issuers") or {})["default"])
    path = f"{of.pki_mount}/issuer/{issuer}"
    authority.allow(door, path, door.read(path) or {}, usage)


def secrets(door: vault.Vault, of: tenant.Tenant) -> dict[str, Mapping[str, Any]]:
    """Every entry below the agency's prefix with what is known of it, never its content."""
    found = door.scan(f"{of.kv_mount}/detailed-metadata/{of.kv_prefix}")
    return {f"{of.kv_prefix}{below}": about for below, about in found.items()}


def remove_secret(
    door: vault.Vault, target: environment.Environment, of: tenant.Tenant, path: str
) -> None:
    """Destroy an entry with all its versions.

    The applier may not: entries that others made are none of its business. So a policy that
    reaches this agency's entries alone stands for the moment, and goes with the token made of it.
    """
    name = f"ga-{of.id}-leaving"
    rules = {
        f"{of.kv_mount}/metadata/{of.kv_prefix}*": ("delete",),
        "auth/token/revoke-self": ("update",),
    }
    document = vault_policies.document(of.id, "Removes the secrets of an agency that leaves", rules)
    door.write(f"sys/policies/acl/{name}", {"policy": document})
    try:
        token = door.tenant_token([name], minutes=2)
        with vault.connect_with(target, token, "an agency that leaves") as limited:
            try:
                limited.remove(f"{of.kv_mount}/metadata/{path}")
            finally:
                limited.write("auth/token/revoke-self")
    finally:
        door.remove(f"sys/policies/acl/{name}")
