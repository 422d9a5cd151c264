"""What an environment needs of Vault once, as items: what should be, and what is there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from onboarding import environment, item, plan, vault
from onboarding.bootstrap import token_life, vault_approvers, vault_pipelines, vault_policies
from onboarding.desired import pki_profile, vault_mark
from onboarding.desired import vault as of_tenant
from onboarding.desired.vault_policies import document, rules_in
from onboarding.pki import certificates

OWNER = "environment"
ROOT = vault_policies.ROOT
KV = "kv"
MARK = vault_mark.of(OWNER)
DAY = pki_profile.SECONDS_PER_DAY


def desired(target: environment.Environment) -> tuple[item.Item, ...]:
    """Everything of Vault that belongs to the environment itself."""
    root = pki_profile.section("root")
    tokens = pki_profile.section("tokens")
    longest = {"config": {"max_lease_ttl": tokens["longestSeconds"]}}
    config = {
        "default_lease_ttl": DAY,
        "max_lease_ttl": root["maxLeaseDays"] * DAY,
        **of_tenant.audited(),
    }
    return (
        _item("AuditDevice", "", "all", {"enough": True}),
        _item("Mount", "", ROOT, {"type": "pki", "description": MARK, "config": config}),
        _item("IssuingUrls", ROOT, "urls", of_tenant.urls(target, ROOT)),
        _item("CrlConfig", ROOT, "crl", of_tenant.crl()),
        _item("RootIssuer", ROOT, "default", {"isCa": True, "sha256": item.KNOWN_AFTER_APPLY}),
        _item("Mount", "", KV, {"type": "kv", "description": MARK, "options": {"version": "2"}}),
        _item("AuthMount", "", "token", longest),
        # A mount's limit also cuts the life of secret ids; tokens are limited by their roles.
        _item("AuthMount", "", "approle", {"type": "approle", **_lasting(tokens["secretIdDays"])}),
        _item("AuthMount", "", "kubernetes", {"type": "kubernetes", **longest}),
        _item("KubernetesAuthConfig", "kubernetes", "config", _kubernetes(target)),
        *(_policy(role, target) for role in environment.Role),
        *(_text(name, text) for name, text in vault_pipelines.policies(target).items()),
        *vault_pipelines.desired(target),
        *(_text(name, text) for name, text in vault_approvers.policies(target).items()),
        *vault_approvers.desired(target),
        *(_app_role(role, tokens) for role in environment.Role),
        _item("TokenRole", "token", vault.TENANT_TOKENS, _tenant_tokens()),
    )


def _item(
    kind: str, scope: str, name: str, fields: Mapping[str, Any], owner: str = OWNER
) -> item.Item:
    return item.Item(item.Ref(item.EngineName.VAULT, kind, scope, name), fields, owner)


def _lasting(days: int) -> dict[str, Any]:
    return {"config": {"max_lease_ttl": days * DAY}}


def _kubernetes(target: environment.Environment) -> dict[str, Any]:
    return {
        "kubernetes_host": target.cluster.server,
        "kubernetes_ca_cert": target.cluster.ca_file.read_text(encoding="utf-8").strip(),
        "disable_local_ca_jwt": True,
        "token_reviewer_jwt_set": True,
        "reviewer": token_life.NOT_DUE,
    }


def _policy(role: environment.Role, target: environment.Environment) -> item.Item:
    rules = {**vault_policies.rules(role), **vault_policies.of_product(role, target)}
    purpose = f"Rights of the {role.value} of onboard"
    text = document(OWNER, purpose, rules, limits=vault_policies.limits(role))
    fields = {"document": text, "rules": {path: list(c) for path, c in rules.items()}}
    return _item("Policy", "", vault_policies.name(role), fields)


def _text(name: str, text: str) -> item.Item:
    return _item("Policy", "", name, {"document": text, "rules": rules_in(text)})


def _app_role(role: environment.Role, tokens: Mapping[str, Any]) -> item.Item:
    fields = {
        "bind_secret_id": True,
        "token_policies": [vault_policies.name(role)],
        "token_ttl": tokens["toolSeconds"],
        "token_max_ttl": tokens["toolLongestSeconds"],
        "secret_id_ttl": tokens["secretIdDays"] * DAY,
        "secret_id_num_uses": 0,
    }
    return _item("AppRole", "approle", vault_policies.name(role), fields)


def _tenant_tokens() -> dict[str, Any]:
    return {
        "allowed_policies_glob": ["ga-*"],
        "orphan": False,
        "renewable": False,
        "token_explicit_max_ttl": pki_profile.section("tokens")["toolSeconds"],
        "token_no_default_policy": True,
        "token_type": "service",
    }


def observe(target: environment.Environment) -> tuple[item.Item, ...]:
    """What is there of it, read under the bootstrap role."""
    with vault.connect(target, environment.Role.BOOTSTRAP) as door:
        return (
            *_observe(door, target),
            *vault_pipelines.observe(door, target),
            *vault_approvers.observe(door, target),
        )


def _observe(door: vault.Vault, target: environment.Environment) -> Iterator[item.Item]:
    mounts = door.read("sys/mounts") or {}
    yield _audit(door.read("sys/audit") or {})
    for name in (ROOT, KV):
        if about := mounts.get(f"{name}/"):
            owner = vault_mark.owner(about.get("description"))
            yield _item("Mount", "", name, about, owner)
    if f"{ROOT}/" in mounts:
        yield from _root(door, vault_mark.owner(mounts[f"{ROOT}/"].get("description")))
    ways = door.read("sys/auth") or {}
    for name in ("token", "approle", "kubernetes"):
        if about := ways.get(f"{name}/"):
            yield _item("AuthMount", "", name, about, _way_owner(name, about))
    if "kubernetes/" in ways:
        yield from _kubernetes_config(door, ways["kubernetes/"])
    ours = {vault_policies.name(role) for role in environment.Role}
    ours |= vault_pipelines.policies(target).keys() | vault_approvers.policies(target).keys()
    yield from _policies(door, ours)
    yield from _roles(door, with_approle="approle/" in ways)


def _policies(door: vault.Vault, names: Collection[str]) -> Iterator[item.Item]:
    for name, about in door.details("sys/policies/detailed/acl").items():
        if name in names:
            text = str(about.get("policy") or "")
            fields = {"document": text, "rules": rules_in(text)}
            yield _item("Policy", "", name, fields, vault_mark.owner(text))


def own_rights(target: environment.Environment) -> plan.Plan:
    """What is to be changed in the rights of the bootstrap itself, read under any of its versions.

    One that an older version was given may not read all that this one asks for.
    """
    wanted = _policy(environment.Role.BOOTSTRAP, target)
    with vault.connect(target, environment.Role.BOOTSTRAP) as door:
        seen = tuple(_policies(door, {wanted.ref.name}))
    return plan.diff(OWNER, [wanted], seen, target=target.pins())


def _audit(devices: Mapping[str, Any]) -> item.Item:
    sinks = {
        (d.get("type"), *sorted((d.get("options") or {}).items()))
        for d in devices.values()
        if isinstance(d, dict)
    }
    least = pki_profile.section("audit")["leastDevices"]
    fields = {"enough": len(sinks) >= least, "devices": sorted(devices)}
    return _item("AuditDevice", "", "all", fields)


def _root(door: vault.Vault, owner: str) -> Iterator[item.Item]:
    for kind, part in (("IssuingUrls", "urls"), ("CrlConfig", "crl")):
        yield _item(kind, ROOT, part, door.read(f"{ROOT}/config/{part}") or {}, owner)
    if (door.read(f"{ROOT}/config/issuers") or {}).get("default"):
        facts = certificates.facts(door.text(f"{ROOT}/ca/pem"))
        yield _item("RootIssuer", ROOT, "default", facts, owner)


def _way_owner(name: str, about: Mapping[str, Any]) -> str:
    # "token" is built in and AppRole is shared with others; only "kubernetes" is ours alone.
    return vault_mark.owner(about.get("description")) if name == "kubernetes" else OWNER


def _kubernetes_config(door: vault.Vault, way: Mapping[str, Any]) -> Iterator[item.Item]:
    config = door.read("auth/kubernetes/config")
    if config is not None:
        config["kubernetes_ca_cert"] = str(config.get("kubernetes_ca_cert") or "").strip()
        fields = {**config, "reviewer": token_life.state(str(way.get("description") or ""))}
        owner = _way_owner("kubernetes", way)
        yield _item("KubernetesAuthConfig", "kubernetes", "config", fields, owner)


def _roles(door: vault.Vault, *, with_approle: bool) -> Iterator[item.Item]:
    if with_approle:
        names = [vault_policies.name(role) for role in environment.Role]
        found = door.read_all(f"auth/approle/role/{name}" for name in names)
        for path, about in found.items():
            if about is not None:
                yield _item("AppRole", "approle", path.rpartition("/")[2], about)
    about = door.read(f"auth/token/roles/{vault.TENANT_TOKENS}")
    if about is not None:
        yield _item("TokenRole", "token", vault.TENANT_TOKENS, about)
