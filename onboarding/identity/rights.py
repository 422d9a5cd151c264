"""What our own service accounts may do: roles of the account, and as scope of its tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import errors
from onboarding.identity.keycloak import Keycloak


def read(door: Keycloak, realm: str, client_uuid: str) -> dict[str, Any]:
    """``{roles: {client: [role]}, scope: {client: [role]}}``; realm roles stand under ""."""
    user = door.get(realm, f"/clients/{client_uuid}/service-account-user")
    roles = door.get(realm, f"/users/{user['id']}/role-mappings") if user else None
    scope = door.get(realm, f"/clients/{client_uuid}/scope-mappings")
    return {"roles": _by_client(roles, drop_default=True), "scope": _by_client(scope)}


def _by_client(found: Mapping[str, Any] | None, *, drop_default: bool = False) -> dict[str, Any]:
    named = {
        client: sorted(role["name"] for role in held["mappings"])
        for client, held in ((found or {}).get("clientMappings") or {}).items()
    }
    realm_roles = sorted(
        role["name"]
        for role in (found or {}).get("realmMappings") or ()
        if not (drop_default and role["name"].startswith("default-roles-"))
    )
    return {**named, **({"": realm_roles} if realm_roles else {})}


def write(door: Keycloak, realm: str, client_uuid: str, fields: Mapping[str, Any]) -> None:
    """Give exactly these roles, and take away every other."""
    user = door.get(realm, f"/clients/{client_uuid}/service-account-user")
    if user is None:
        raise errors.EngineFailed(
            f"realm {realm!r}: the client has no service account",
            resolution="Run the same command again; it sets the client up first.",
        )
    have = read(door, realm, client_uuid)
    places = {
        "roles": f"/users/{user['id']}/role-mappings",
        "scope": f"/clients/{client_uuid}/scope-mappings",
    }
    for part, place in places.items():
        for client in {*fields[part], *have[part]}:
            wanted, held = set(fields[part].get(client, ())), set(have[part].get(client, ()))
            _change(door, realm, place, client, add=wanted - held, take=held - wanted)


def _change(
    door: Keycloak, realm: str, place: str, client: str, *, add: set[str], take: set[str]
) -> None:
    if not add and not take:
        return
    if client:
        found = door.get(realm, "/clients", clientId=client)
        if not found:
            raise errors.EngineFailed(f"realm {realm!r} has no client {client!r}")
        roles, leaf = f"/clients/{found[0]['id']}/roles", f"{place}/clients/{found[0]['id']}"
    else:
        roles, leaf = "/roles", f"{place}/realm"

    def bodies(names: set[str]) -> list[Any]:
        return [door.get(realm, f"{roles}/{name}") for name in sorted(names)]

    try:
        if add:
            door.post(realm, leaf, bodies(add))
        if take:
            door.delete(realm, leaf, bodies(take))
    except errors.Denied as refused:
        raise errors.Denied(
            f"realm {realm!r}: rights beyond our own were given to a client of this tool",
            details=[
                f"to take away: {', '.join(sorted(take)) or 'none'}",
                f"to give: {', '.join(sorted(add)) or 'none'}",
            ],
            resolution="An administrator of Keycloak has to change these roles; nobody can give "
            "or take a right that is above their own.",
        ) from refused
