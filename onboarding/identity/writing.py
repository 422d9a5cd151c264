"""Items written to Keycloak: one request per object, a whole realm in one.

Where a name is taken already, the object is adopted only if it carries the mark of the same
owner, which is how an interrupted run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from onboarding import errors, item
from onboarding.desired import realm as wanted
from onboarding.desired import realm_mark
from onboarding.identity import flows, keycloak, people, reading, representation, rights
from onboarding.identity.interface import KeyOf
from onboarding.identity.keycloak import Keycloak


def create(door: Keycloak, want: item.Item, key_of: KeyOf) -> None:
    """Create one object, or adopt ours. Raises ``errors.Refused`` where it is another's."""
    try:
        _CREATE[want.ref.kind](door, want, _ready(want, key_of))
    except keycloak.Taken as taken:
        found = find(door, want.ref)
        if found is None or representation.owner(found) != want.owner:
            raise errors.Refused(
                f"{want.ref} exists in Keycloak and is not ours",
                details=list(taken.details),
                resolution="Rename or remove it, or give the agency another metadata.id.",
            ) from taken
        update(door, want, key_of)


def update(door: Keycloak, want: item.Item, key_of: KeyOf) -> None:
    """Put our fields over the live object; what others set in it stays."""
    _UPDATE[want.ref.kind](door, want, _ready(want, key_of))


def delete(door: Keycloak, ref: item.Ref) -> None:
    """Delete one object; none there is as good. A realm goes with everything in it, an
    organization with its people."""
    if ref.kind == "Realm":
        door.delete(ref.name, "")
        return
    found = find(door, ref)
    if found is not None:
        if ref.kind == "Organization":
            people.remove_with(door, ref.scope, str(found["id"]))
        door.delete(ref.scope, f"{_PLACE[ref.kind]}/{found['id']}")


def realm_representation(items: Sequence[item.Item], key_of: KeyOf) -> dict[str, Any]:
    """A whole realm as one representation: itself, flow, keys, clients, rights, groups."""
    by_kind: dict[str, list[item.Item]] = {}
    for each in items:
        by_kind.setdefault(each.ref.kind, []).append(each)
    head = by_kind["Realm"][0]
    flow_list, configs = wanted.flow_import(head.owner)
    accounts = by_kind.get("ServiceAccount", [])
    return {
        **representation.sendable(head.fields),
        "realm": head.ref.name,
        "authenticationFlows": flow_list,
        "authenticatorConfig": configs,
        "components": _KEYS,
        "clients": [
            representation.sendable(_ready(c, key_of), clientId=c.ref.name)
            for c in by_kind.get("Client", ())
        ],
        "users": [
            {
                "username": f"service-account-{a.ref.name}",
                "enabled": True,
                "serviceAccountClientId": a.ref.name,
                "clientRoles": a.fields["roles"],
            }
            for a in accounts
        ],
        "clientScopeMappings": _scope_mappings(accounts),
        "groups": _group_tree(by_kind.get("Group", [])),
    }


def _scope_mappings(accounts: Sequence[item.Item]) -> dict[str, list[dict[str, Any]]]:
    mappings: dict[str, list[dict[str, Any]]] = {}
    for account in accounts:
        for client, roles in account.fields["scope"].items():
            mappings.setdefault(client, []).append({"client": account.ref.name, "roles": roles})
    return mappings


def _group_tree(groups: Sequence[item.Item]) -> list[dict[str, Any]]:
    def node(group: item.Item) -> dict[str, Any]:
        return {
            "name": group.ref.name,
            "attributes": group.fields["attributes"],
            "subGroups": [node(g) for g in groups if g.fields["parent"] == group.ref.name],
        }

    return [node(g) for g in groups if not g.fields["parent"]]


_KEYS = {
    "org.keycloak.keys.KeyProvider": [
        {
            "name": "ecdsa-generated",
            "providerId": "ecdsa-generated",
            "config": {"priority": ["200"], "ecdsaEllipticCurveKey": ["P-256"]},
        },
        {"name": "rsa-generated", "providerId": "rsa-generated", "config": {"priority": ["100"]}},
        {
            "name": "hmac-generated-hs512",
            "providerId": "hmac-generated",
            "config": {"priority": ["100"], "algorithm": ["HS512"]},
        },
        {"name": "aes-generated", "providerId": "aes-generated", "config": {"priority": ["100"]}},
    ]
}
"""ES256 first; the symmetric keys seal Keycloak's own cookies and codes, never an id token."""


def _ready(want: item.Item, key_of: KeyOf) -> dict[str, Any]:
    """The fields with the client's public key in them."""
    fields = dict(want.fields)
    source = fields.get("publicKey")
    if source is not None:
        key = key_of(want.ref, source)
        if not key:
            raise errors.EngineFailed(
                f"{want.ref}: its public key is not there ({source})",
                resolution="Run the same command again; the key is made before the client.",
            )
        fields["attributes"] = {**fields["attributes"], "jwks.string": key}
    return fields


def _create_realm(door: Keycloak, want: item.Item, fields: Mapping[str, Any]) -> None:
    raise errors.EngineFailed(f"{want.ref}: a realm is created together with what is in it")


def _create_flow(door: Keycloak, want: item.Item, fields: Mapping[str, Any]) -> None:
    flows.replace(door, want.ref.scope, want.ref.name, fields)


def _create_named(key: str) -> Callable[[Keycloak, item.Item, Mapping[str, Any]], None]:
    def create_one(door: Keycloak, want: item.Item, fields: Mapping[str, Any]) -> None:
        body = representation.sendable(fields, **{key: want.ref.name})
        door.post(want.ref.scope, _PLACE[want.ref.kind], body)

    return create_one


def _create_group(door: Keycloak, want: item.Item, fields: Mapping[str, Any]) -> None:
    body = {"name": want.ref.name, "attributes": fields["attributes"]}
    parent = fields["parent"]
    if not parent:
        door.post(want.ref.scope, "/groups", body)
        return
    above = door.remembered(want.ref.scope, f"/group-by-path/{quote(parent)}")
    if above is None:
        raise errors.EngineFailed(f"{want.ref}: its parent group {parent!r} is missing")
    door.post(want.ref.scope, f"/groups/{above['id']}/children", body)


def _update_realm(door: Keycloak, want: item.Item, fields: Mapping[str, Any]) -> None:
    live = door.get(want.ref.name, "")
    body = representation.merged(live, representation.sendable(fields))
    body = representation.cleared("Realm", want.fields, body, nulls=True)
    door.put(want.ref.name, "", body)
    profile_of(door, want)


def profile_of(door: Keycloak, realm: item.Item) -> None:
    """Who may change what of a person: beside the representation of a realm, not in it."""
    name, wanted_rights = realm.ref.name, realm.fields["userProfile"]
    live = door.get(name, reading.USER_PROFILE) or {}
    if representation.user_profile(live) != wanted_rights:
        door.put(name, reading.USER_PROFILE, representation.with_rights(live, wanted_rights))


def _update_plain(door: Keycloak, want: item.Item, fields: Mapping[str, Any]) -> None:
    live = _must_find(door, want.ref)
    body = representation.merged(live, representation.sendable(fields))
    body = representation.cleared(want.ref.kind, want.fields, body)
    door.put(want.ref.scope, f"{_PLACE[want.ref.kind]}/{live['id']}", body)


def _update_client(door: Keycloak, want: item.Item, fields: Mapping[str, Any]) -> None:
    """Scopes and mappers of a client have requests of their own; a PUT leaves them as they are."""
    live = _must_find(door, want.ref)
    own = {k: v for k, v in representation.sendable(fields).items() if k != "protocolMappers"}
    place = f"/clients/{live['id']}"
    body = representation.merged(live, own)
    door.put(want.ref.scope, place, representation.cleared("Client", want.fields, body, nulls=True))
    _update_mappers(door, want, live, f"{place}/protocol-mappers/models")
    _update_scopes(door, want, live, fields)


def _update_scopes(
    door: Keycloak, want: item.Item, live: Mapping[str, Any], fields: Mapping[str, Any]
) -> None:
    """Taken away first: a scope that is optional still cannot become a default one."""
    place = f"/clients/{live['id']}"
    parts = {
        leaf: (set(live.get(part) or ()), set(fields.get(part, live.get(part) or ())))
        for part, leaf in (
            ("defaultClientScopes", "default-client-scopes"),
            ("optionalClientScopes", "optional-client-scopes"),
        )
    }
    if all(have == need for have, need in parts.values()):
        return
    ids = {s["name"]: s["id"] for s in door.get(want.ref.scope, "/client-scopes") or ()}
    for leaf, (have, need) in parts.items():
        for name in sorted(have - need):
            door.delete(want.ref.scope, f"{place}/{leaf}/{ids[name]}")
    for leaf, (have, need) in parts.items():
        for name in sorted(need - have):
            door.put(want.ref.scope, f"{place}/{leaf}/{ids[name]}", {})


def _update_scope(door: Keycloak, want: item.Item, fields: Mapping[str, Any]) -> None:
    """A PUT of a client scope leaves its mappers as they are."""
    live = _must_find(door, want.ref)
    own = {k: v for k, v in representation.sendable(fields).items() if k != "protocolMappers"}
    place = f"/client-scopes/{live['id']}"
    body = representation.merged(live, own)
    body = representation.cleared("ClientScope", want.fields, body, nulls=True)
    door.put(want.ref.scope, place, body)
    _update_mappers(door, want, live, f"{place}/protocol-mappers/models")


def _update_mappers(door: Keycloak, want: item.Item, live: Mapping[str, Any], place: str) -> None:
    """Exactly these mappers: one that a hand added puts claims into tokens. Where a client is
    wanted without a word about mappers, its own stay."""
    if "protocolMappers" not in want.fields:
        return
    there = {m["name"]: m for m in live.get("protocolMappers") or ()}
    for body in representation.mapper_list(want.fields):
        have = there.pop(body["name"], None)
        if have is None:
            door.post(want.ref.scope, place, body)
            continue
        # Its settings as a whole, too: Keycloak fills in what is left out.
        wanted_now = {**have, **body}
        if wanted_now != have:
            door.put(want.ref.scope, f"{place}/{have['id']}", wanted_now)
    for mapper in there.values():
        door.delete(want.ref.scope, f"{place}/{mapper['id']}")


def _write_rights(door: Keycloak, want: item.Item, fields: Mapping[str, Any]) -> None:
    client = _must_find(door, realm_mark.ref("Client", want.ref.scope, want.ref.name))
    rights.write(door, want.ref.scope, client["id"], fields)
    door.forget(want.ref.scope)


def _create_broker(door: Keycloak, want: item.Item, fields: Mapping[str, Any]) -> None:
    body = representation.sendable(fields, alias=want.ref.name)
    door.post(want.ref.scope, _PLACE[want.ref.kind], body)
    _tie(door, want, fields)


def _update_broker(door: Keycloak, want: item.Item, fields: Mapping[str, Any]) -> None:
    live = _must_find(door, want.ref)
    body = representation.merged(live, representation.sendable(fields))
    body = representation.cleared(want.ref.kind, want.fields, body)
    place = f"{_PLACE[want.ref.kind]}/{live['id']}"
    # It is known by its alias; Keycloak refuses a representation with an id.
    door.put(want.ref.scope, place, {k: v for k, v in body.items() if k != "id"})
    for mapper in door.get(want.ref.scope, f"{place}/mappers") or ():
        door.delete(want.ref.scope, f"{place}/mappers/{mapper['id']}")
    if not live.get("organizationId"):
        _tie(door, want, fields)


def _tie(door: Keycloak, want: item.Item, fields: Mapping[str, Any]) -> None:
    """A broker of a shared realm belongs to the organization of the agency alone."""
    if not fields["organization"]:
        return
    home = _must_find(door, realm_mark.ref("Organization", want.ref.scope, fields["organization"]))
    door.post(want.ref.scope, f"/organizations/{home['id']}/identity-providers", want.ref.name)


def _must_find(door: Keycloak, ref: item.Ref) -> dict[str, Any]:
    found = find(door, ref)
    if found is None:
        raise errors.EngineFailed(
            f"{ref} vanished from Keycloak meanwhile",
            resolution="Run the same command again; it plans anew.",
        )
    return found


def find(door: Keycloak, ref: item.Ref) -> dict[str, Any] | None:
    if ref.kind == "Client":
        listed = door.get(ref.scope, "/clients", clientId=ref.name) or ()
    elif ref.kind == "Organization":
        query = {"search": ref.name, "exact": "true", "briefRepresentation": "false"}
        found = door.get(ref.scope, "/organizations", **query) or ()
        listed = [o for o in found if o["alias"] == ref.name]
        if not listed:
            # It is searched by its name, which a hand may have changed; its alias stays.
            found = door.get(ref.scope, "/organizations", briefRepresentation="false", max="10000")
            listed = [o for o in found or () if o["alias"] == ref.name]
    elif ref.kind == "Group":
        path = ref.name if ":" not in ref.name else f"{ref.name.partition(':')[0]}/{ref.name}"
        found_group = _group_at(door, ref.scope, path)
        listed = [found_group] if found_group else []
    elif ref.kind == "IdentityProvider":
        there = door.get(ref.scope, f"{_PLACE[ref.kind]}/{quote(ref.name)}")
        listed = [{**there, "id": ref.name}] if there else []
    elif ref.kind == "ClientScope":
        listed = [s for s in door.get(ref.scope, "/client-scopes") or () if s["name"] == ref.name]
    elif ref.kind == "AuthenticationFlow":
        flows_of_realm = door.get(ref.scope, "/authentication/flows") or ()
        listed = [f for f in flows_of_realm if f["alias"] == ref.name]
    else:
        listed = []
    return dict(listed[0]) if listed else None


def _group_at(door: Keycloak, realm: str, path: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = door.get(realm, f"/group-by-path/{quote(path)}")
    return found


_PLACE: Mapping[str, str] = {
    "Client": "/clients",
    "ClientScope": "/client-scopes",
    "Group": "/groups",
    "IdentityProvider": "/identity-provider/instances",
    "Organization": "/organizations",
}
_Write = Callable[[Keycloak, item.Item, Mapping[str, Any]], None]
_CREATE: Mapping[str, _Write] = {
    "Realm": _create_realm,
    "AuthenticationFlow": _create_flow,
    "Client": _create_named("clientId"),
    "ClientScope": _create_named("name"),
    "ServiceAccount": _write_rights,
    "Group": _create_group,
    "IdentityProvider": _create_broker,
    "Organization": _create_named("alias"),
}
_UPDATE: Mapping[str, _Write] = {
    "Realm": _update_realm,
    "AuthenticationFlow": _create_flow,
    "Client": _update_client,
    "ClientScope": _update_scope,
    "ServiceAccount": _write_rights,
    "Group": _update_plain,
    "IdentityProvider": _update_broker,
    "Organization": _update_plain,
}
