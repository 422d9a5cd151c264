"""Authentication flows: read as a flat list, and replaced as a whole without a gap."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from onboarding import errors
from onboarding.identity.keycloak import Keycloak

_REPLACED = " replaced "


def read(door: Keycloak, realm: str, alias: str) -> dict[str, Any] | None:
    """``{description, executions: [{level, name, requirement, config}]}``; None where missing."""
    found = _find(door, realm, alias)
    if found is None:
        return None
    rows = []
    for execution in _executions(door, realm, alias):
        row: dict[str, Any] = {
            "level": execution["level"],
            "name": execution["displayName"]
            if execution.get("authenticationFlow")
            else execution["providerId"],
            "requirement": execution["requirement"],
        }
        if execution.get("authenticationConfig"):
            config = door.get(realm, f"/authentication/config/{execution['authenticationConfig']}")
            row["config"] = dict((config or {}).get("config") or {})
        rows.append(row)
    return {"description": found.get("description") or "", "executions": rows}


def create(door: Keycloak, realm: str, alias: str, fields: Mapping[str, Any]) -> None:
    """Build the flow step by step; a sub-flow's rows follow it one level deeper."""
    head = {
        "alias": alias,
        "description": fields["description"],
        "providerId": "basic-flow",
        "topLevel": True,
        "builtIn": False,
    }
    door.post(realm, "/authentication/flows", head)
    parents = [alias]
    rows = fields["executions"]
    for index, row in enumerate(rows):
        parents = parents[: row["level"] + 1]
        deeper = index + 1 < len(rows) and rows[index + 1]["level"] > row["level"]
        under = f"/authentication/flows/{quote(parents[-1], safe='')}/executions"
        if deeper:
            body = {"alias": row["name"], "type": "basic-flow", "provider": "", "description": ""}
            door.post(realm, f"{under}/flow", body)
            parents.append(row["name"])
        else:
            identifier = door.post(realm, f"{under}/execution", {"provider": row["name"]})
            if row.get("config"):
                # Names of configurations are unique in a realm, and the old flow may still stand.
                name = f"{row['name']} {uuid.uuid4().hex[:8]}"
                place = f"/authentication/executions/{identifier}/config"
                door.post(realm, place, {"alias": name, "config": row["config"]})
    made = _executions(door, realm, alias)
    for have, want in zip(made, rows, strict=True):
        if have["requirement"] != want["requirement"]:
            changed = {**have, "requirement": want["requirement"]}
            door.put(realm, f"/authentication/flows/{quote(alias, safe='')}/executions", changed)


def replace(door: Keycloak, realm: str, alias: str, fields: Mapping[str, Any]) -> None:
    """Build the flow anew beside the old one, bind the realm to it, then drop the old one.

    People can sign in all the while. What a run that was stopped half-way left goes as well.
    """
    old = _find(door, realm, alias)
    if old is not None:
        _rename(door, realm, alias, old["id"])
    create(door, realm, alias, fields)
    door.put(realm, "", {"browserFlow": alias})
    drop_replaced(door, realm, alias)


def drop_replaced(door: Keycloak, realm: str, alias: str) -> None:
    """Delete flows that a new one has taken the place of. Keycloak refuses one that is bound."""
    for flow in door.get(realm, "/authentication/flows") or ():
        if flow["alias"].startswith(f"{alias}{_REPLACED}"):
            door.delete(realm, f"/authentication/flows/{flow['id']}")


def _rename(door: Keycloak, realm: str, alias: str, identifier: str) -> None:
    """Give the old flow and its sub-flows other names: aliases are unique in a realm."""
    suffix = uuid.uuid4().hex[:8]
    inner = [e["flowId"] for e in _executions(door, realm, alias) if e.get("authenticationFlow")]
    for flow_id in (*inner, identifier):
        rep = door.get(realm, f"/authentication/flows/{flow_id}")
        if rep is None or rep.get("builtIn"):
            raise errors.EngineFailed(
                f"realm {realm!r}: flow {alias!r} cannot be renamed",
                resolution="Look at the realm's authentication flows in the admin console.",
            )
        door.put(
            realm,
            f"/authentication/flows/{flow_id}",
            {**rep, "alias": f"{rep['alias']}{_REPLACED}{suffix}"},
        )


def _find(door: Keycloak, realm: str, alias: str) -> dict[str, Any] | None:
    listed = door.get(realm, "/authentication/flows") or ()
    return next((dict(f) for f in listed if f["alias"] == alias), None)


def _executions(door: Keycloak, realm: str, alias: str) -> list[dict[str, Any]]:
    return door.get(realm, f"/authentication/flows/{quote(alias, safe='')}/executions") or []
