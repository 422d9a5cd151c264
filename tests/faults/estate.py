"""All that stands for one agency, read from the systems themselves, comparable between agencies.

What differs between any two runs (ids, serials, times, keys, random names) is left out; that
keys, certificates and references fit together is checked and kept as such.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from onboarding import environment, item, kube, labels, vault
from onboarding.engines.vault_pki import reading
from onboarding.identity import keycloak
from onboarding.kube import kinds
from onboarding.pki import certificates
from onboarding.state import opening

_ROOT = reading.ROOT_MOUNT
_VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)"
    r"|issuing-[0-9a-f]{8}|\b[0-9a-f]{64}\b"
)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----(\\?n|\s)*", re.DOTALL)
_POINT = re.compile(r'(\\*"(?:x|y|kid)\\*":\s*\\*")[^"\\]+')
_LEFT_OUT = frozenset(
    {"uid", "resourceVersion", "managedFields", "creationTimestamp", "generation", "status"}
    | {"clusterIP", "clusterIPs", "gdcc.go.th/last-update", "volumeName"}
)
_NOT_OURS = frozenset({"kube-root-ca.crt", "default-token"})
_CLUSTER = (*kinds.STACK, "Secret")


def of(target: environment.Environment, agency: str, code: str) -> dict[str, Any]:
    """Everything by place; ``code`` is the agency's department code, which differs as well."""
    found: dict[str, Any] = {}
    for part in (_cluster, _vault, _keycloak, _pulumi, _kept):
        for place, thing in part(target, agency):
            text = json.dumps(thing, ensure_ascii=False, sort_keys=True, default=str)
            found[plain(place, agency, code)] = json.loads(plain(text, agency, code))
    return found


def plain(text: str, agency: str, code: str) -> str:
    """A text without what differs between two agencies, or two runs of one."""
    named = text.replace(agency, "{agency}")
    named = re.sub(rf"\b{code}\b", "{code}", named)
    return _VARYING.sub("~", _POINT.sub(r"\1~", _PEM.sub("(certificate)", named)))


def differences(golden: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Where two estates differ, one line a place."""
    lines = []
    for place in sorted({*golden, *found}):
        if place not in found:
            lines.append(f"missing: {place}")
        elif place not in golden:
            lines.append(f"too much: {place}: {str(found[place])[:300]}")
        elif _differ(golden[place], found[place]):
            lines.append(f"differs: {place}: {_first(golden[place], found[place])}")
    return lines


def _differ(want: Any, have: Any) -> bool:
    """Whether two things differ; what only a run decides differs from nothing."""
    if item.KNOWN_AFTER_APPLY in (want, have):
        return False
    if isinstance(want, dict) and isinstance(have, dict):
        return any(_differ(want.get(key), have.get(key)) for key in {*want, *have})
    return bool(want != have)


def _first(want: Any, have: Any, path: str = "") -> str:
    if isinstance(want, dict) and isinstance(have, dict):
        for key in sorted({*want, *have}):
            if _differ(want.get(key), have.get(key)):
                return _first(want.get(key), have.get(key), f"{path}.{key}")
    return f"{path}: wanted {str(want)[:200]}, is {str(have)[:200]}"


Found = Iterator[tuple[str, Any]]


def _cluster(target: environment.Environment, agency: str) -> Found:
    door = kube.connect(target, environment.Role.BOOTSTRAP)
    spaces = door.list("Namespace", selector=f"{labels.AGENCY}={agency}")
    names = [s["metadata"]["name"] for s in spaces]
    for space in spaces:
        yield f"cluster Namespace {space['metadata']['name']}", _bare(space)
    chains: dict[str, str] = {}
    for kind in _CLUSTER[1:]:
        for one in door.list_in(kind, names):
            name = one["metadata"]["name"]
            if name in _NOT_OURS:
                continue
            if kind == "Secret":
                yield f"cluster Secret {name}", _secret(one)
                continue
            if kind == "ConfigMap" and "tls.crt" in one.get("data", {}):
                chains[name] = one["data"].pop("tls.crt")
                yield f"cluster chain {name}", _chain(chains[name])
            yield f"cluster {kind} {name}", _bare(one)
    secrets = {s["metadata"]["name"]: s for s in door.list_in("Secret", names)}
    for name, chain in chains.items():
        secret = secrets.get(name.removesuffix("-certificate"), {"data": {}})
        same = base64.b64decode(secret["data"].get("tls.crt", "")).decode() == chain
        yield f"cluster {name} is the Secret's", same
    yield "cluster labelled elsewhere", _elsewhere(door, agency, names)


def _elsewhere(door: kube.Cluster, agency: str, names: list[str]) -> list[str]:
    seen = door.list_kinds(_CLUSTER[1:], selector=f"{labels.AGENCY}={agency}")
    return sorted(
        f"{kind} {o['metadata']['namespace']}/{o['metadata']['name']}"
        for kind, found in seen.items()
        for o in found
        if o["metadata"].get("namespace") not in names
    )


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _bare(v) for k, v in value.items() if k not in _LEFT_OUT}
    return [_bare(v) for v in value] if isinstance(value, list) else value


def _secret(one: Mapping[str, Any]) -> dict[str, Any]:
    data = {k: base64.b64decode(v) for k, v in (one.get("data") or {}).items()}
    leaf = x509.load_pem_x509_certificate(data["tls.crt"])
    key = serialization.load_pem_private_key(data["tls.key"], None)
    return {
        "metadata": _bare(one["metadata"]),
        "type": one["type"],
        "keys": sorted(data),
        "key fits": key.public_key() == leaf.public_key(),
    }


def _chain(text: str) -> dict[str, Any]:
    facts = certificates.facts(text)
    return {k: facts[k] for k in ("dnsNames", "keyAlgorithm", "keyBits")} | {
        "certificates": text.count("BEGIN CERT")
    }


def _vault(target: environment.Environment, agency: str) -> Found:
    with vault.connect(target, environment.Role.APPLIER) as door:
        mounts = door.read("sys/mounts") or {}
        inside = [m.rstrip("/") for m in mounts if agency in re.split(r"[-/]", m)]
        for mount in inside:
            about = {k: v for k, v in mounts[f"{mount}/"].items() if k not in ("accessor", "uuid")}
            yield f"vault mount {mount}", about
            for part in ("urls", "crl", "auto-tidy"):
                yield f"vault {mount} {part}", door.read(f"{mount}/config/{part}")
            for role in door.names(f"{mount}/roles"):
                yield f"vault {mount} role {role}", door.read(f"{mount}/roles/{role}")
            yield from _authority(door, mount)
        mine = f"ga-{agency}-"
        policies = door.details("sys/policies/detailed/acl")
        for name, about in policies.items():
            if name.startswith(mine):
                yield f"vault policy {name}", about.get("policy")
        for name in door.names("auth/kubernetes/role"):
            if name.startswith(mine):
                yield f"vault role {name}", door.read(f"auth/kubernetes/role/{name}")
        yield from _key_pairs(target, door, agency, [p for p in policies if p.startswith(mine)])


def _authority(door: vault.Vault, mount: str) -> Found:
    issuers = door.details(f"{mount}/issuers")
    yield f"vault {mount} issuers", Counter(bool(i.get("key_id")) for i in issuers.values())
    yield f"vault {mount} keys", len(door.names(f"{mount}/keys"))
    default = (door.read(f"{mount}/config/issuers") or {}).get("default")
    root = door.text(f"{_ROOT}/ca/pem")
    issuer = door.read(f"{mount}/issuer/{default}") or {}
    fields = reading.issuer_fields(issuer, root) if issuer else {}
    left_out = {"id", "certificate", "serial", "notBefore", "notAfter", "keySha256", "sha256"}
    left_out |= {"subjectKeyId", "authorityKeyId"}
    yield f"vault {mount} default issuer", {k: v for k, v in fields.items() if k not in left_out}
    key = fields.get("keySha256")
    signed: Counter[str] = Counter()
    subject = fields.get("commonName")
    listed = door.names(f"{_ROOT}/certs")
    for answer in door.read_all(f"{_ROOT}/cert/{s}" for s in listed).values():
        facts = certificates.facts(str((answer or {})["certificate"]))
        if facts.get("commonName") == subject:
            usable = not (answer or {}).get("revocation_time")
            signed[f"{'in' if facts['keySha256'] == key else 'not in'} use, usable {usable}"] += 1
    yield f"vault {mount} certificates of the root", signed
    leaves: Counter[str] = Counter()
    for serial, answer in door.read_all(
        f"{mount}/cert/{s}" for s in door.names(f"{mount}/certs")
    ).items():
        facts = certificates.facts(str((answer or {})["certificate"]))
        if not (answer or {}).get("revocation_time"):
            leaves[f"{','.join(facts['dnsNames'])} {bool(serial)}"] += 1
    yield f"vault {mount} certificates in force", leaves


def _key_pairs(
    target: environment.Environment, door: vault.Vault, agency: str, policies: list[str]
) -> Found:
    entries = door.scan(f"kv/detailed-metadata/{agency}/")
    token = door.tenant_token(policies) if policies else ""
    jwks = {c["clientId"]: c.get("attributes", {}) for c in _clients(target, agency)}
    for name, about in entries.items():
        if name.endswith("/"):
            continue
        notes = dict(about.get("custom_metadata") or {})
        public = notes.pop("public_jwk", "")
        kept = _read_as(target, token, f"kv/data/{agency}/{name}") if token else {}
        yield (
            f"vault entry {name}",
            {
                "notes": notes,
                "version": about.get("current_version"),
                "public halves agree": bool(public) and kept.get("public_jwk") == public,
                "private fits": _fits(kept),
                "client has it": _point(public)
                in [_point(a.get("jwks.string", "")) for a in jwks.values()],
            },
        )


def _read_as(target: environment.Environment, token: str, path: str) -> dict[str, Any]:
    import requests

    answer = requests.get(
        f"{target.vault.address}/v1/{path}",
        headers={"X-Vault-Token": token},
        verify=str(target.vault.ca_file),
        timeout=30,
    )
    return dict(((answer.json().get("data") or {}).get("data")) or {})


def _fits(kept: Mapping[str, Any]) -> bool:
    if not kept.get("private_key"):
        return False
    key = serialization.load_pem_private_key(str(kept["private_key"]).encode(), None)
    numbers = key.public_key().public_numbers()  # type: ignore[union-attr]
    x = base64.urlsafe_b64encode(numbers.x.to_bytes(32, "big")).rstrip(b"=").decode()  # type: ignore[union-attr]
    return bool(x == json.loads(str(kept["public_jwk"]))["x"])


def _point(text: str) -> str:
    found = re.search(r'"x":\s*"([^"]+)"', text or "")
    return found.group(1) if found else ""


def _clients(target: environment.Environment, agency: str) -> list[dict[str, Any]]:
    door = keycloak.connect(target, environment.Role.BOOTSTRAP)
    realm = target.keycloak.shared_realm
    query = {"clientId": f"ga-{agency}-", "search": "true", "max": "1000"}
    found = [dict(c) for c in door.get(realm, "/clients", **query) or ()]
    if door.exists(agency):
        found += [dict(c) for c in door.get(agency, "/clients", **query) or ()]
    return found


def _keycloak(target: environment.Environment, agency: str) -> Found:
    door = keycloak.connect(target, environment.Role.BOOTSTRAP)
    yield from _realm(door, target.keycloak.shared_realm, agency)
    if door.exists(agency):
        flows = door.get(agency, "/authentication/flows") or ()
        yield "keycloak own realm", sorted(f["alias"] for f in flows)
        yield from ((f"own {place}", thing) for place, thing in _realm(door, agency, agency))
    for client in _clients(target, agency):
        attributes = dict(client.get("attributes") or {})
        for varying in ("jwks.string", "client.secret.creation.time"):
            attributes.pop(varying, None)
        yield (
            f"keycloak client {client['clientId']}",
            {**client, "attributes": attributes, "secret": "", **_sets(client)},
        )


def _sets(client: Mapping[str, Any]) -> dict[str, list[str]]:
    """The lists of a client that have no order of their own."""
    names = ("defaultClientScopes", "optionalClientScopes", "redirectUris", "webOrigins")
    return {name: sorted(client[name]) for name in names if name in client}


def _realm(door: keycloak.Keycloak, realm: str, agency: str) -> Found:
    query = {"search": agency, "briefRepresentation": "false", "max": "1000"}
    for one in door.get(realm, "/organizations", **query) or ():
        brokers = door.get(realm, f"/organizations/{one['id']}/identity-providers") or ()
        yield (
            f"keycloak organization {one['alias']}",
            {**one, "brokers": sorted(b["alias"] for b in brokers)},
        )
    for one in door.get(realm, "/identity-provider/instances", search=agency) or ():
        alias = one["alias"]
        mappers = door.get(realm, f"/identity-provider/instances/{alias}/mappers") or ()
        yield f"keycloak broker {alias}", {**one, "mappers": len(mappers)}
    for group in door.get(realm, "/groups", **query, populateHierarchy="false") or ():
        yield from _groups(door, realm, group)
    for scope in door.get(realm, "/client-scopes") or ():
        if agency in scope["name"]:
            yield f"keycloak scope {scope['name']}", scope


def _groups(door: keycloak.Keycloak, realm: str, group: Mapping[str, Any]) -> Found:
    plain = {k: v for k, v in group.items() if k not in ("subGroups", "subGroupCount", "access")}
    yield f"keycloak group {group['path']}", plain
    query = {"briefRepresentation": "false", "max": "1000"}
    for below in door.get(realm, f"/groups/{group['id']}/children", **query) or ():
        yield from _groups(door, realm, below)


def _pulumi(target: environment.Environment, agency: str) -> Found:
    from onboarding.engines.pulumi_stack import command, locks

    backend = locks.folder_of(target.pulumi.backend)
    if backend is None:
        return
    file = backend / ".pulumi" / "stacks" / command.PROJECT / f"{agency}.json"
    if not file.exists():
        return
    latest = json.loads(file.read_text(encoding="utf-8"))["checkpoint"]["latest"]
    yield "pulumi resources", sorted(r["urn"] for r in latest.get("resources") or ())
    yield "pulumi pending", len(latest.get("pending_operations") or ())
    place = backend / ".pulumi" / "locks" / "organization" / command.PROJECT / agency
    yield "pulumi locks", sorted(p.name for p in place.glob("*"))


def _kept(target: environment.Environment, agency: str) -> Found:
    store = opening.of(target)
    for each in store.applied(agency):
        yield f"applied {each.ref}", _bare(dict(each.fields))
    folder = target.store() / "tenants" / agency
    # What a kill left half made is seen by nobody, and removed with the next write beside it.
    files = (p.name for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".new-"))
    names = (re.sub(r"[@-][0-9a-f]+|\.\d+", "", name) for name in files)
    yield "files of the store", sorted(names)
    kit = target.store() / "handover" / agency
    for file in sorted(kit.iterdir() if kit.is_dir() else ()):
        text = _PEM.sub("(certificate)", file.read_text(encoding="utf-8"))
        yield f"kit {file.name}", {"mode": oct(file.stat().st_mode), "text": _digest(text, agency)}
    yield "beside the kit", sorted(p.name for p in kit.parent.iterdir() if agency in p.name)


def _digest(text: str, agency: str) -> str:
    plain = _VARYING.sub("~", text.replace(agency, "{agency}"))
    return hashlib.sha256(plain.encode()).hexdigest()
