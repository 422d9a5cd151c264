"""Hands in Keycloak, by its admin API as the bootstrap client."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from onboarding import item
from onboarding.identity import flows, rights, writing
from onboarding.pki import oidc_key
from tests.integration.breaking import Refused, World
from tests.integration.hands import Json, said


class Keycloak:
    """Keycloak's admin API as its bootstrap client."""

    def __init__(self, world: World) -> None:
        self._door = world.sso

    def _found(self, ref: item.Ref) -> Json | None:
        if ref.kind == "Realm":
            realm: Json | None = self._door.get(ref.name, "")
            return realm
        if ref.kind == "ServiceAccount":
            return writing.find(self._door, item.Ref(ref.engine, "Client", ref.scope, ref.name))
        return writing.find(self._door, ref)

    def view(self, ref: item.Ref) -> Json | None:
        if ref.kind == "AuthenticationFlow":
            return flows.read(self._door, ref.scope, ref.name)
        found = self._found(ref)
        if found is None:
            return None
        shown: dict[str, Callable[[item.Ref, Json], Json]] = {
            "ServiceAccount": lambda r, f: rights.read(self._door, r.scope, f["id"]),
            "Client": _client,
            "ClientScope": _with_mappers,
            "Group": _group,
            "Organization": _organization,
            "IdentityProvider": self._broker,
        }
        return shown[ref.kind](ref, found) if ref.kind in shown else found

    def _broker(self, ref: item.Ref, found: Json) -> Json:
        listed = self._door.get(ref.scope, f"{_broker(ref)}/mappers") or ()
        more = {
            "postBrokerLoginFlowAlias": "",
            "organization": found.get("organizationId") or "",
            "mappers": [m["name"] for m in listed],
        }
        return {**more, **found}

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        with said():
            match ref.kind:
                case "Realm":
                    self._door.put(ref.name, "", after)
                case "AuthenticationFlow":
                    self._flow(ref, before, after)
                case "ServiceAccount":
                    self._account(ref, before, after)
                case "Client" | "ClientScope":
                    self._with_mappers(ref, before, after)
                case "Group":
                    self._group(ref, before, after)
                case "Organization":
                    self._door.put(ref.scope, f"/organizations/{before['id']}", after)
                case "IdentityProvider":
                    self._provider(ref, before, after)

    def _account(self, ref: item.Ref, before: Json, after: Json) -> None:
        if "roles" not in after or "scope" not in after:
            raise Refused("an account always has a set of roles")
        after = {part: {_real(c): _roles(r) for c, r in after[part].items()} for part in after}
        client = self._found(ref) or {}
        rights.write(self._door, ref.scope, client["id"], after)

    def _group(self, ref: item.Ref, before: Json, after: Json) -> None:
        if after.get("parent") != before["parent"]:
            raise Refused("the path of a group says its parent: a move is a deletion")
        body = {"name": ref.name, "attributes": after.get("attributes") or {}}
        self._door.put(ref.scope, f"/groups/{before['id']}", body)

    def _provider(self, ref: item.Ref, before: Json, after: Json) -> None:
        if after.get("organization") != before["organization"]:
            raise Refused("the realm has no organizations of agencies")
        wanted = after.get("mappers") or []
        listed = self._door.get(ref.scope, f"{_broker(ref)}/mappers") or ()
        for mapper in listed:
            if mapper["name"] not in wanted:
                self._door.delete(ref.scope, f"{_broker(ref)}/mappers/{mapper['id']}")
        if len(wanted) > len(listed):
            body = {
                "name": "by-hand",
                "identityProviderAlias": ref.name,
                "identityProviderMapper": "hardcoded-attribute-idp-mapper",
                "config": {"attribute": "a", "attribute.value": "b"},
            }
            self._door.post(ref.scope, f"{_broker(ref)}/mappers", body)
            return
        rep = {k: v for k, v in after.items() if k not in ("mappers", "organization", "id")}
        self._door.put(ref.scope, _broker(ref), rep)

    def _with_mappers(self, ref: item.Ref, before: Json, after: Json) -> None:
        kind = "clients" if ref.kind == "Client" else "client-scopes"
        place = f"/{kind}/{before['id']}"
        gone = (before.get("attributes") or {}).keys() - (after.get("attributes") or {}).keys()
        rep = {k: v for k, v in after.items() if k not in ("protocolMappers", "publicKey")}
        rep["attributes"] = {**(after.get("attributes") or {}), **dict.fromkeys(gone, "")}
        if after.get("publicKey") != before.get("publicKey"):
            rep["attributes"]["jwks.string"] = after.get("publicKey") and json.dumps(
                {"keys": [json.loads(oidc_key.generate().public_jwk)]}
            )
        if rep != {k: v for k, v in before.items() if k in rep}:
            self._door.put(ref.scope, place, rep)
        self._scopes(ref, place, before, after)
        self._mappers(ref, f"{place}/protocol-mappers/models", before, after)

    def _scopes(self, ref: item.Ref, place: str, before: Json, after: Json) -> None:
        listed = self._door.get(ref.scope, "/client-scopes") or ()
        ids = {s["name"]: s["id"] for s in listed}
        for part, leaf in (
            ("defaultClientScopes", "default-client-scopes"),
            ("optionalClientScopes", "optional-client-scopes"),
        ):
            have, want = set(before.get(part) or ()), set(after.get(part) or ())
            for name in have - want:
                self._door.delete(ref.scope, f"{place}/{leaf}/{ids[name]}")
            for name in want - have:
                other = name if name in ids else min(ids.keys() - have - want)
                self._door.put(ref.scope, f"{place}/{leaf}/{ids[other]}", {})

    def _mappers(self, ref: item.Ref, place: str, before: Json, after: Json) -> None:
        have, want = before["protocolMappers"], after.get("protocolMappers")
        if want is None or have == want:
            return
        ids = {m["name"]: m["id"] for m in self._door.get(ref.scope, place) or ()}
        for name in have.keys() - want.keys():
            self._door.delete(ref.scope, f"{place}/{ids[name]}")
        stray = {
            "protocolMapper": "oidc-audience-mapper",
            "config": {"included.custom.audience": "x"},
        }
        for name, asked in want.items():
            body = asked if isinstance(asked, dict) else stray
            rep = {"name": name, "protocol": "openid-connect", **body}
            if name not in ids:
                self._door.post(ref.scope, place, rep)
            elif body != have[name]:
                self._door.put(ref.scope, f"{place}/{ids[name]}", {**rep, "id": ids[name]})

    def _flow(self, ref: item.Ref, before: Json, after: Json) -> None:
        place = f"/authentication/flows/{ref.name.replace(' ', '%20')}/executions"
        made = self._door.get(ref.scope, place)
        if "description" not in after or "executions" not in after:
            raise Refused("a flow always has both")
        if after["description"] != before["description"]:
            listed = self._door.get(ref.scope, "/authentication/flows")
            flow = next(f for f in listed if f["alias"] == ref.name)
            rep = {**flow, "description": after["description"]}
            self._door.put(ref.scope, f"/authentication/flows/{flow['id']}", rep)
        old, new = before["executions"], after["executions"]
        if len(new) > len(old):
            self._door.post(
                ref.scope, f"{place}/execution", {"provider": "deny-access-authenticator"}
            )
        elif len(new) < len(old):
            index = next((i for i, row in enumerate(new) if row != old[i]), len(new))
            self._door.delete(ref.scope, f"/authentication/executions/{made[index]['id']}")
        else:
            for have, was, now in zip(made, old, new, strict=True):
                if was != now:
                    self._row(ref, place, have, was, now)

    def _row(self, ref: item.Ref, place: str, have: Json, was: Json, now: Json) -> None:
        if now.get("name") != was["name"] or now.get("level") != was["level"]:
            raise Refused("an execution cannot become another")
        if now.get("requirement") != was["requirement"]:
            if "requirement" not in now:
                raise Refused("an execution always has a requirement")
            rep = {**have, "requirement": now["requirement"]}
            self._door.put(ref.scope, place, rep)
        if now.get("config") != was.get("config"):
            where = f"/authentication/config/{have['authenticationConfig']}"
            if "config" not in now:
                self._door.delete(ref.scope, where)
                return
            rep = self._door.get(ref.scope, where)
            self._door.put(ref.scope, where, {**rep, "config": now["config"]})

    def delete(self, ref: item.Ref) -> None:
        found = self._found(ref)
        place = {
            "Client": "clients",
            "ClientScope": "client-scopes",
            "Group": "groups",
            "Organization": "organizations",
        }.get(ref.kind)
        with said():
            if ref.kind == "IdentityProvider":
                self._door.delete(ref.scope, _broker(ref))
            elif place and found:
                self._door.delete(ref.scope, f"/{place}/{found['id']}")
            else:
                raise Refused("people and records of a realm hang on it")

    def create(self, ref: item.Ref, like: Json) -> None:
        with said():
            body = {
                k: v
                for k, v in like.items()
                if k not in ("id", "protocolMappers", "publicKey", "internalId", "mappers")
            }
            match ref.kind:
                case "Client":
                    self._door.post(ref.scope, "/clients", {**body, "clientId": ref.name})
                case "ClientScope":
                    self._door.post(ref.scope, "/client-scopes", {**body, "name": ref.name})
                case "Organization":
                    domains = [{"name": f"by-hand.{d['name']}"} for d in like["domains"]]
                    more = {"name": ref.name, "alias": ref.name, "domains": domains}
                    self._door.post(ref.scope, "/organizations", {**body, **more})
                case "IdentityProvider":
                    self._door.post(
                        ref.scope, "/identity-provider/instances", {**body, "alias": ref.name}
                    )
                case "Group":
                    top = self._door.get(ref.scope, f"/group-by-path/{ref.name.split(':')[0]}")
                    self._door.post(
                        ref.scope,
                        f"/groups/{top['id']}/children",
                        {"name": ref.name, "attributes": like["attributes"]},
                    )
                case _:
                    raise Refused("a realm has one of it")


def _with_mappers(_: item.Ref, found: Json) -> Json:
    mappers = {
        m["name"]: {"protocolMapper": m["protocolMapper"], "config": m["config"]}
        for m in found.get("protocolMappers") or ()
    }
    return {**found, "protocolMappers": mappers}


def _client(ref: item.Ref, found: Json) -> Json:
    lists = ("redirectUris", "webOrigins", "defaultClientScopes", "optionalClientScopes")
    return {
        **_with_mappers(ref, found),
        **{name: sorted(found[name]) for name in lists if name in found},
        "publicKey": (found.get("attributes") or {}).get("jwks.string"),
    }


def _group(_: item.Ref, found: Json) -> Json:
    above = (found.get("path") or "").split("/")[1:-1]
    return {"parent": above, "attributes": found.get("attributes") or {}, "id": found["id"]}


def _organization(_: item.Ref, found: Json) -> Json:
    return {
        **found,
        "domains": sorted(({"name": d["name"]} for d in found.get("domains") or ()), key=str),
    }


def _broker(ref: item.Ref) -> str:
    return f"/identity-provider/instances/{ref.name}"


def _real(client: str) -> str:
    return "account" if client == "by-hand" else client


def _roles(roles: Any) -> list[str]:
    """Roles that exist, in place of made-up ones."""
    if not isinstance(roles, list):
        raise Refused("no list of roles")
    known = {"x": "view-profile", "view-realmx": "view-events"}
    return sorted({known.get(r, "manage-realm" if r.startswith("x") else r) for r in roles})
