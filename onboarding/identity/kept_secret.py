"""The secret of a client whose product knows no keys: Keycloak makes it, Vault keeps it.

Only the instance reads it there. Beside it stands its digest, by which a plan sees whether both
still hold the same; nothing of the secret can be learned from it, for it is long and random.
"""

from __future__ import annotations

import hashlib

from onboarding import errors, item, vault
from onboarding.desired import vault_mark
from onboarding.identity import keycloak, writing

PURPOSE = "oidc-secret"
DIGEST = "sha256"


def digest(secret: str) -> str:
    """SHA-256 in hexadecimal digits; "" of no secret."""
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""


def held(door: keycloak.Keycloak, ref: item.Ref) -> str:
    """The secret that Keycloak holds of a client; one that has none, as it proved itself by a key
    before, gets one."""
    found = writing.find(door, ref)
    if found is None:
        raise errors.EngineFailed(f"{ref} vanished from Keycloak meanwhile")
    place = f"/clients/{found['id']}/client-secret"
    said = door.get(ref.scope, place) or {}
    if not said.get("value"):
        door.post(ref.scope, place, {})
        said = door.get(ref.scope, place) or {}
    if not said.get("value"):
        raise errors.EngineFailed(f"{ref}: Keycloak made no secret")
    return str(said["value"])


def keep(door: vault.Vault, mount: str, path: str, agency: str, client: str, secret: str) -> None:
    """Put a client's secret where its instance reads it; nothing is written where it is there.

    The mark first, the secret second, its digest last: a kill in between shows as a difference.
    Raises ``errors.Refused`` where something that is not the agency's stands there.
    """
    place = f"{mount}/metadata/{path}"
    notes = (door.read(place) or {}).get("custom_metadata") or {}
    mark = vault_mark.of(agency)
    if notes and notes.get("owner") != mark:
        raise errors.Refused(
            f"{mount}/{path} stands in our place in Vault and is not ours",
            resolution="Remove it, or give the agency another metadata.id.",
        )
    if notes.get(DIGEST) == digest(secret):
        return
    marks = {"owner": mark, "purpose": PURPOSE}
    door.write(place, {"custom_metadata": marks, "max_versions": 2})
    kept = {"client_id": client, "client_secret": secret}
    door.write(f"{mount}/data/{path}", {"data": kept})
    with_digest = {**marks, DIGEST: digest(secret)}
    door.write(place, {"custom_metadata": with_digest, "max_versions": 2})
