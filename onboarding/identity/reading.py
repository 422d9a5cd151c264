"""Keycloak's objects, read as items: few requests, no listing of realms, no secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from onboarding import errors, item, labels
from onboarding.desired import realm_broker, realm_client, realm_mark
from onboarding.identity import assertion, flows, kept_secret, representation, rights
from onboarding.identity.interface import KeyOf, Names, Unread
from onboarding.identity.keycloak import Keycloak

_EVERYTHING = "10000"
_BROKERS = "/identity-provider/instances"
USER_PROFILE = "/users/profile"


def realm(door: Keycloak, name: str) -> item.Item | None:
    rep = door.get(name, "")
    if rep is None:
        return None
    profile = representation.user_profile(door.get(name, USER_PROFILE) or {})
    return item.Item(
        realm_mark.ref("Realm", "", name),
        {**representation.realm(rep), "userProfile": profile},
        representation.owner(rep),
        holds_data=True,
    )


def base(door: Keycloak, name: str, key_of: KeyOf) -> Iterator[item.Item]:
    """The flow and the clients of a realm, with the rights of our own service accounts."""
    yield from flow(door, name)
    for rep in door.get(name, "/clients", max=_EVERYTHING) or ():
        yield from _with_rights(door, name, rep, key_of)


def service_clients(door: Keycloak, name: str, prefix: str, key_of: KeyOf) -> Iterator[item.Item]:
    """The clients of our own tool in a realm of which nothing else is ours, and their rights."""
    for rep in door.get(name, "/clients", search="true", clientId=prefix) or ():
        if rep["clientId"].startswith(prefix):
            yield from _with_rights(door, name, rep, key_of)


def _with_rights(
    door: Keycloak, name: str, rep: Mapping[str, Any], key_of: KeyOf
) -> Iterator[item.Item]:
    made = client(name, rep, key_of)
    yield made
    if rep.get("serviceAccountsEnabled") and made.owner:
        found = rights.read(door, name, rep["id"])
        yield item.Item(realm_mark.ref("ServiceAccount", name, rep["clientId"]), found, made.owner)


def flow(door: Keycloak, name: str) -> Iterator[item.Item]:
    from onboarding.desired import realm_flow

    found = flows.read(door, name, realm_flow.ALIAS)
    if found is not None:
        owner = representation.owner_in_text(found["description"])
        yield item.Item(realm_mark.ref("AuthenticationFlow", name, realm_flow.ALIAS), found, owner)


def client_scopes(door: Keycloak, name: str) -> Iterator[item.Item]:
    for rep in door.get(name, "/client-scopes") or ():
        yield item.Item(
            realm_mark.ref("ClientScope", name, rep["name"]),
            representation.client_scope(rep),
            representation.owner(rep),
        )


def client(realm_name: str, rep: Mapping[str, Any], key_of: KeyOf) -> item.Item:
    """One client; ``publicKey`` says whether its key is the one that the key's home holds.

    Clients that Keycloak makes itself are of a kind of their own, unless they are marked as ours.
    """
    owner = representation.owner(rep)
    built_in = rep["clientId"] in realm_client.BUILT_IN_CLIENTS and not owner
    ref = realm_mark.ref("BuiltInClient" if built_in else "Client", realm_name, rep["clientId"])
    fields = representation.client(rep)
    source = _key_source(rep)
    home = key_of(ref, source) if owner and source else None
    if home is not None and source == realm_client.SECRET_VAULT:
        fields[realm_client.KEPT_SECRET] = _same_secret(rep, home)
    elif home is not None:
        fields["publicKey"] = _judged(fields, source, home)
    return item.Item(ref, fields, owner)


def _same_secret(rep: Mapping[str, Any], home: str) -> str:
    """Keycloak shows the secret to whoever may read a client; it is compared and forgotten."""
    if not home:
        return "no secret there yet"
    same = kept_secret.digest(str(rep.get("secret") or "")) == home
    return realm_client.SECRET_VAULT if same else "another secret"


def _key_source(rep: Mapping[str, Any]) -> str:
    """Where the key of a client of ours has its home, by the mark that we left on it."""
    return str((rep.get("attributes") or {}).get(realm_client.KEY_HOME, ""))


def _judged(fields: Mapping[str, Any], source: str, home: str) -> str:
    here = str(fields["attributes"].get("jwks.string", ""))
    if not home:
        return "no key there yet"
    return source if assertion.same_key(here, home) else "another key"


def agency(
    door: Keycloak, name: str, names: Names, key_of: KeyOf, unread: Unread
) -> Iterator[item.Item]:
    """Five requests: the agency's clients, organizations, brokers and groups, or what is in place.

    Three more for each client that acts for itself, for its rights; one for each broker.
    """
    listed = door.get(name, "/clients", search="true", clientId=names.client_prefix) or ()
    for rep in listed:
        if rep["clientId"] in names.clients or representation.owner(rep) == names.agency:
            yield from _with_rights(door, name, rep, key_of)
    homes = {}
    for identifier, organization in organizations(door, name, names):
        homes[identifier] = organization.ref.name
        yield organization
    yield from brokers(door, name, names, homes, unread)
    yield from groups(door, name, names)


def organizations(door: Keycloak, name: str, names: Names) -> Iterator[tuple[str, item.Item]]:
    """Each with its internal id, by which an identity provider says whose it is."""
    in_place = {"search": names.organization, "exact": "true"}
    marked = {"q": f"{labels.AGENCY}:{names.agency}", "max": _EVERYTHING}
    listed: dict[str, Mapping[str, Any]] = {}
    for query in (in_place, marked):
        found = door.get(name, "/organizations", briefRepresentation="false", **query) or ()
        listed |= {rep["id"]: rep for rep in found}
    for rep in listed.values():
        ours = representation.owner(rep) == names.agency
        if ours or rep["name"] == names.organization:
            made = item.Item(
                realm_mark.ref("Organization", name, rep["alias"]),
                representation.organization(rep),
                representation.owner(rep),
                holds_data=True,
            )
            yield str(rep["id"]), made


def brokers(
    door: Keycloak,
    name: str,
    names: Names,
    homes: Mapping[str, str],
    unread: Unread,
    *,
    whole_realm: bool = False,
) -> Iterator[item.Item]:
    """Identity providers of the agency and what stands in their place; of its own realm all.

    ``homes``: organizations by their internal id. Only the agency's own are asked for mappers.
    """
    query = {"search": "" if whole_realm else names.agency, "max": _EVERYTHING}
    try:
        listed = door.get(name, _BROKERS, **query) or ()
    except errors.Denied as refused:
        # A realm that an older version made: bootstrap gives the right.
        if unread is None:
            raise
        unread[realm_broker.KIND] = refused.message
        return
    for rep in listed:
        owner = representation.owner(rep)
        if whole_realm or rep["alias"] in names.brokers or owner == names.agency:
            home = str(rep.get("organizationId") or "")
            fields = {**representation.broker(rep), "organization": homes.get(home, home)}
            if rep["alias"] in names.brokers:
                fields["mappers"] = _broker_mappers(door, name, rep["alias"])
            yield item.Item(realm_mark.ref(realm_broker.KIND, name, rep["alias"]), fields, owner)


def _broker_mappers(door: Keycloak, name: str, alias: str) -> list[str]:
    """What becomes of an identity's claims: each mapper by its name and type."""
    listed = door.get(name, f"{_BROKERS}/{quote(alias)}/mappers") or ()
    return sorted(f"{m['name']} ({m['identityProviderMapper']})" for m in listed)


def groups(door: Keycloak, name: str, names: Names) -> Iterator[item.Item]:
    query = {"search": names.agency, "briefRepresentation": "false", "subGroupsCount": "false"}
    for top in door.get(name, "/groups", **query) or ():
        if top["name"] != names.agency:
            yield from _strays(name, top, names.agency)
            continue
        yield _group(name, top, "")
        for child in top.get("subGroups") or ():
            yield _group(name, child, top["name"])
            for below in child.get("subGroups") or ():
                yield from _strays(name, below, names.agency)


def _strays(realm_name: str, rep: Mapping[str, Any], agency: str) -> Iterator[item.Item]:
    """Groups elsewhere whose name reads like one of the agency: tokens show no path."""
    if str(rep["name"]).startswith(f"{agency}:"):
        fields = {"path": str(rep.get("path") or rep["name"])}
        yield item.Item(realm_mark.ref("StrayGroup", realm_name, fields["path"]), fields)
    for below in rep.get("subGroups") or ():
        yield from _strays(realm_name, below, agency)


def _group(realm_name: str, rep: Mapping[str, Any], parent: str) -> item.Item:
    return item.Item(
        realm_mark.ref("Group", realm_name, rep["name"]),
        representation.group(rep, parent),
        representation.owner(rep),
        holds_data=True,
    )


def group_members(door: Keycloak, realm_name: str, group: str, parent: str) -> item.Item | None:
    """Who is in a group, by e-mail address; None where the group is missing."""
    found = door.get(realm_name, f"/group-by-path/{parent}/{group}")
    if found is None:
        return None
    query = {"briefRepresentation": "true", "max": _EVERYTHING}
    listed = door.get(realm_name, f"/groups/{found['id']}/members", **query) or ()
    members = sorted(str(m.get("email") or m["username"]) for m in listed if m.get("enabled"))
    return item.Item(
        realm_mark.ref("GroupMembers", realm_name, group), {"members": members}, parent
    )


def keys(door: Keycloak, realm_name: str) -> item.Item:
    """The algorithms of the realm's active keys, and each key's use and certificate-free facts."""
    found = door.get(realm_name, "/keys") or {}
    listed = [
        {k: key[k] for k in ("algorithm", "status", "type", "use") if k in key}
        for key in found.get("keys") or ()
    ]
    return item.Item(
        realm_mark.ref("RealmKeys", realm_name, "keys"),
        {"active": sorted(found.get("active") or ()), "keys": sorted(listed, key=item.canonical)},
    )


def public_keys(door: Keycloak, realm_name: str, prefix: str) -> dict[str, str]:
    """The public JWK sets of the clients whose id begins so, by client id."""
    listed = door.get(realm_name, "/clients", search="true", clientId=prefix) or ()
    return {
        rep["clientId"]: str((rep.get("attributes") or {}).get("jwks.string", ""))
        for rep in listed
        if rep["clientId"].startswith(prefix)
    }
