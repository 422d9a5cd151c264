"""Hands that edit single objects of an agency through the systems' own interfaces.

Each shows an object as the system tells it, in the shape of the item's fields, and writes a changed
one back. What the system declines is ``Refused``, with its own words.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import yaml

from onboarding import environment, errors, item
from onboarding.engines.ansible_playbooks import live as kits
from onboarding.identity import flows, rights
from onboarding.kube import kinds, login, transport
from onboarding.pki import oidc_key
from tests.contract import root_ca
from tests.integration.breaking import Refused, World

Json = dict[str, Any]
_VOLATILE = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid")
WHOLE = "a certificate is signed: it can only be replaced as a whole"


class Hand(Protocol):
    """One system, edited by hand."""

    def view(self, ref: item.Ref) -> Json | None: ...

    def write(self, ref: item.Ref, before: Json, after: Json) -> None: ...

    def delete(self, ref: item.Ref) -> None: ...

    def create(self, ref: item.Ref, like: Json) -> None:
        """An object with the marks and the shape of ``like`` under another name."""
        ...


@contextlib.contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except errors.OnboardError as refused:
        raise Refused(" ".join([refused.message, *refused.details])[:300]) from refused


class Cluster:
    """Objects of the cluster by PUT, as its administrator, under a field manager of one's own."""

    def __init__(self, world: World) -> None:
        credentials = world.target.login(environment.Role.BOOTSTRAP)
        at = login.read(credentials.kubeconfig, world.target.cluster.context)
        self._api = transport.Transport(at, "a hand")

    def view(self, ref: item.Ref) -> Json | None:
        try:
            return self._api.call("GET", kinds.kind(ref.kind).path(ref.scope, ref.name))
        except transport.Absent:
            return None

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        with _said():
            self._api.call(
                "PUT",
                kinds.kind(ref.kind).path(ref.scope, ref.name),
                query={"fieldManager": "by-hand"},
                body={**after, "kind": ref.kind},
            )

    def delete(self, ref: item.Ref) -> None:
        with _said():
            self._api.call("DELETE", kinds.kind(ref.kind).path(ref.scope, ref.name))

    def create(self, ref: item.Ref, like: Json) -> None:
        metadata = {k: v for k, v in like["metadata"].items() if k not in _VOLATILE}
        metadata.pop("ownerReferences", None)
        body = {**like, "kind": ref.kind, "metadata": {**metadata, "name": ref.name}}
        body.pop("status", None)
        if ref.kind == "Service":
            body["spec"] = {k: v for k, v in like["spec"].items() if not k.startswith("cluster")}
        if ref.kind == "PersistentVolumeClaim":
            body["spec"] = {k: v for k, v in like["spec"].items() if k != "volumeName"}
        with _said():
            self._api.call(
                "POST",
                kinds.kind(ref.kind).path(ref.scope),
                query={"fieldManager": "by-hand"},
                body=body,
            )


class Settings:
    """Settings inside their ConfigMap."""

    def __init__(self, world: World) -> None:
        self._cluster = Cluster(world)

    def view(self, ref: item.Ref) -> Json | None:
        found = self._cluster.view(_config_map(ref))
        if found is None:
            return None
        body: Json = yaml.safe_load(found["data"]["settings.yaml"])
        about = {k: found["metadata"].get(k) or {} for k in ("labels", "annotations")}
        return {**body, "metadata": about}

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        found = self._cluster.view(_config_map(ref)) or {}
        body = {k: v for k, v in after.items() if k not in ("metadata", "contentHash")}
        text = yaml.safe_dump(body, allow_unicode=True, sort_keys=False)
        changed = copy.deepcopy(found)
        changed["metadata"].update(after["metadata"])
        if before != {**after, "metadata": before["metadata"]}:
            changed["data"]["settings.yaml"] = text
        self._cluster.write(_config_map(ref), found, changed)

    def delete(self, ref: item.Ref) -> None:
        self._cluster.delete(_config_map(ref))

    def create(self, ref: item.Ref, like: Json) -> None:
        body = {k: v for k, v in like.items() if k != "metadata"}
        data = {"settings.yaml": yaml.safe_dump(body, allow_unicode=True)}
        whole = {"metadata": {**like["metadata"], "namespace": ref.scope}, "data": data}
        self._cluster.create(_config_map(ref), whole)


def _config_map(ref: item.Ref) -> item.Ref:
    return item.Ref(ref.engine, "ConfigMap", ref.scope, ref.name)


class Kit:
    """Files of a hand-over kit."""

    def __init__(self, world: World) -> None:
        self._world = world

    def _folder(self, ref: item.Ref) -> Path:
        return kits.kit_folder(self._world.target, ref.name)

    def view(self, ref: item.Ref) -> Json | None:
        folder = self._folder(ref)
        files = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.iterdir()}
        return {"mode": f"{folder.stat().st_mode & 0o777:04o}", "files": files}

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        folder = self._folder(ref)
        if "mode" not in after:
            raise Refused("a folder always has a mode")
        if after["mode"] != before["mode"]:
            folder.chmod(int(after["mode"], 8))
        for name in before["files"].keys() - after["files"].keys():
            (folder / name).unlink()
        for name, digest in after["files"].items():
            if digest != before["files"].get(name):
                with (folder / name).open("a", encoding="utf-8") as out:
                    out.write("by hand\n")

    def delete(self, ref: item.Ref) -> None:
        folder = self._folder(ref)
        folder.rename(folder.with_name(f".{folder.name}"))

    def create(self, ref: item.Ref, like: Json) -> None:
        raise Refused("an agency has one kit")


class Delivered:
    """What Ansible delivers: settings, and the kit."""

    def __init__(self, world: World) -> None:
        self._settings, self._kit = Settings(world), Kit(world)

    def _of(self, ref: item.Ref) -> Hand:
        return self._kit if ref.kind == "HandoverKit" else self._settings

    def view(self, ref: item.Ref) -> Json | None:
        return self._of(ref).view(ref)

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        self._of(ref).write(ref, before, after)

    def delete(self, ref: item.Ref) -> None:
        self._of(ref).delete(ref)

    def create(self, ref: item.Ref, like: Json) -> None:
        self._of(ref).create(ref, like)


class Tls:
    """The public half of an ingress certificate; nobody but the gateway reads the Secret."""

    def __init__(self, world: World) -> None:
        self._cluster = Cluster(world)

    def view(self, ref: item.Ref) -> Json | None:
        found = self._cluster.view(_public(ref))
        return {"certificate": (found.get("data") or {}).get("tls.crt")} if found else None

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        found = self._cluster.view(_public(ref)) or {}
        changed = copy.deepcopy(found)
        changed["data"] = {}
        if "certificate" in after:
            changed["data"] = {"tls.crt": _certificate()}
        self._cluster.write(_public(ref), found, changed)

    def delete(self, ref: item.Ref) -> None:
        self._cluster.delete(item.Ref(ref.engine, "Secret", ref.scope, ref.name))

    def create(self, ref: item.Ref, like: Json) -> None:
        near = item.Ref(ref.engine, "Secret", ref.scope, "e-office-tls")
        beside = self._cluster.view(_public(near)) or {}
        self._cluster.create(_public(ref), beside)


def _public(ref: item.Ref) -> item.Ref:
    return item.Ref(ref.engine, "ConfigMap", ref.scope, f"{ref.name}-certificate")


class Vault:
    """Vault under a token that may do everything."""

    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self._token = token

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        return self._world.vault(method, path, body, self._token)

    def _place(self, ref: item.Ref) -> str:
        match ref.kind:
            case "Mount":
                return f"sys/mounts/{ref.name}"
            case "PkiRole":
                return f"{ref.scope}/roles/{ref.name}"
            case "Policy":
                return f"sys/policies/acl/{ref.name}"
            case "KubernetesAuthRole":
                return f"auth/{ref.scope}/role/{ref.name}"
            case "KeyPair":
                return f"{ref.scope}/metadata/{ref.name}"
            case "Issuer":
                return f"{ref.scope}/issuer/default"
        return f"{ref.scope}/config/{ref.name}"

    def view(self, ref: item.Ref) -> Json | None:
        try:
            found: Json = self._ask("GET", self._place(ref))["data"]
        except Refused as missing:
            if str(missing).startswith("404"):
                return None
            raise
        if ref.kind == "Policy":
            return {"document": found["policy"], "rules": _rules(found["policy"])}
        if ref.kind == "KeyPair":
            notes = found.get("custom_metadata") or {}
            stored = int(found.get("current_version") or 0) > 0
            key = json.loads(notes.get("public_jwk") or "null")
            return {"purpose": notes.get("purpose"), "public_jwk": key, "stored": stored}
        if ref.kind == "Issuer":
            return {
                "leafNotAfterBehavior": found["leaf_not_after_behavior"],
                "certificate": found["certificate"],
            }
        return found

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        special: dict[str, Callable[[item.Ref, Json, Json], None]] = {
            "Mount": self._mount,
            "Policy": self._policy,
            "KeyPair": self._key_pair,
            "Issuer": self._issuer,
        }
        if ref.kind in special:
            special[ref.kind](ref, before, after)
        else:
            self._ask("POST", self._place(ref), after)

    def _mount(self, ref: item.Ref, before: Json, after: Json) -> None:
        if after.get("type") != before["type"]:
            self._ask("POST", self._place(ref), after)
        if "config" not in after or "description" not in after:
            raise Refused("it cannot be taken off a mount")
        gone = before["config"].keys() - after["config"].keys()
        config = {**after["config"], **{key: [] for key in gone}}
        self._ask(
            "POST", f"{self._place(ref)}/tune", {**config, "description": after["description"]}
        )

    def _policy(self, ref: item.Ref, before: Json, after: Json) -> None:
        if "document" not in after or "rules" not in after:
            raise Refused("a policy is its text")
        text = after["document"]
        if after["rules"] != before["rules"]:
            head = text.split("\n\n", 1)[0]
            text = f"{head}\n\n" + "\n".join(_block(p, c) for p, c in after["rules"].items())
        self._ask("POST", self._place(ref), {"policy": text})

    def _key_pair(self, ref: item.Ref, before: Json, after: Json) -> None:
        notes = dict((self._ask("GET", self._place(ref))["data"]["custom_metadata"]) or {})
        if before["stored"] and not after.get("stored"):
            self._ask("DELETE", self._place(ref))
        if before["public_jwk"] != after.get("public_jwk"):
            notes["public_jwk"] = oidc_key.generate().public_jwk if after.get("public_jwk") else ""
        notes["purpose"] = after.get("purpose") or ""
        kept = {k: v for k, v in notes.items() if v}
        self._ask("POST", self._place(ref), {"custom_metadata": kept})

    def _issuer(self, ref: item.Ref, before: Json, after: Json) -> None:
        if before.get("certificate") != after.get("certificate"):
            made = self._ask(
                "POST",
                f"{ref.scope}/root/generate/internal",
                {"common_name": "by hand"},
            )
            self._ask("POST", f"{ref.scope}/config/issuers", {"default": made["data"]["issuer_id"]})
            return
        if "leafNotAfterBehavior" not in after:
            raise Refused("an issuer always has one")
        behaviour = {"leaf_not_after_behavior": after["leafNotAfterBehavior"]}
        found = self._ask("GET", self._place(ref))["data"]
        self._ask(
            "POST",
            f"{ref.scope}/issuer/{found['issuer_id']}",
            {"issuer_name": found["issuer_name"], "usage": found["usage"], **behaviour},
        )

    def delete(self, ref: item.Ref) -> None:
        if ref.kind == "Issuer":
            raise Refused("records rest on it; see the mount")
        self._ask("DELETE", self._place(ref))

    def create(self, ref: item.Ref, like: Json) -> None:
        if ref.kind == "Policy":
            self._ask("POST", self._place(ref), {"policy": like["document"]})
        elif ref.kind == "KeyPair":
            notes = {
                "purpose": like["purpose"],
                "public_jwk": oidc_key.generate().public_jwk,
                "owner": f"gdcc.go.th/agency={self._world.of.id} managed-by=onboard",
            }
            self._ask("POST", self._place(ref), {"custom_metadata": notes})
        elif ref.kind in ("Mount", "PkiRole", "KubernetesAuthRole"):
            self._ask("POST", self._place(ref), like)
        else:
            raise Refused("a mount has one of it")


def _rules(text: str) -> dict[str, list[str]]:
    from onboarding.desired import vault_policies

    return vault_policies.rules_in(text)


def _block(path: str, capabilities: Any) -> str:
    if not isinstance(capabilities, list):
        raise Refused("no capabilities")
    return f'path "{path}" {{\n  capabilities = {json.dumps(capabilities)}\n}}\n'


class Keycloak:
    """Keycloak's admin API as its bootstrap client."""

    def __init__(self, world: World) -> None:
        self._door = world.sso

    def _found(self, ref: item.Ref) -> Json | None:
        from onboarding.identity import writing

        if ref.kind == "Realm":
            return self._door.get(ref.name, "")
        if ref.kind == "ServiceAccount":
            return writing.find(self._door, item.Ref(ref.engine, "Client", ref.scope, ref.name))
        return writing.find(self._door, ref)

    def view(self, ref: item.Ref) -> Json | None:
        if ref.kind == "AuthenticationFlow":
            return flows.read(self._door, ref.scope, ref.name)
        found = self._found(ref)
        if found is None:
            return None
        match ref.kind:
            case "ServiceAccount":
                return rights.read(self._door, ref.scope, found["id"])
            case "Client" | "ClientScope":
                mappers = {
                    m["name"]: {"protocolMapper": m["protocolMapper"], "config": m["config"]}
                    for m in found.get("protocolMappers") or ()
                }
                shown = {**found, "protocolMappers": mappers}
                for name in (
                    "redirectUris",
                    "webOrigins",
                    "defaultClientScopes",
                    "optionalClientScopes",
                ):
                    if name in found:
                        shown[name] = sorted(found[name])
                if ref.kind == "Client":
                    shown["publicKey"] = (found.get("attributes") or {}).get("jwks.string")
                return shown
            case "Group":
                return {
                    "parent": (found.get("path") or "").split("/")[1:-1],
                    "attributes": found.get("attributes") or {},
                    "id": found["id"],
                }
            case "Organization":
                names = sorted(({"name": d["name"]} for d in found["domains"]), key=str)
                return {**found, "domains": names}
            case "IdentityProvider":
                listed = self._door.get(ref.scope, f"{_broker(ref)}/mappers") or ()
                shown = {**found, "mappers": [m["name"] for m in listed]}
                shown.setdefault("postBrokerLoginFlowAlias", "")
                shown.setdefault("organization", found.get("organizationId") or "")
                return shown
        return found

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        with _said():
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
        if after.get("mappers") != before["mappers"]:
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
        for name, body in want.items():
            if not isinstance(body, dict):
                body = {
                    "protocolMapper": "oidc-audience-mapper",
                    "config": {"included.custom.audience": "x"},
                }
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
        with _said():
            if ref.kind == "IdentityProvider":
                self._door.delete(ref.scope, _broker(ref))
            elif place and found:
                self._door.delete(ref.scope, f"/{place}/{found['id']}")
            else:
                raise Refused("people and records of a realm hang on it")

    def create(self, ref: item.Ref, like: Json) -> None:
        with _said():
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


def steady(view: Json | None) -> Any:
    """What of a view tells whether the object is another one than before."""
    if view is None:
        return None
    left = copy.deepcopy({k: v for k, v in view.items() if k != "status"})
    for name in _VOLATILE:
        left.get("metadata", {}).pop(name, None)
    return left


def _certificate() -> str:
    both = root_ca.make("By Hand")[0]
    begin = both.index("-----BEGIN CERTIFICATE-----")
    return both[begin : both.index("-----END CERTIFICATE-----") + 25] + "\n"
