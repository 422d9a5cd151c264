"""What pipelines need of Vault: who they are told by, and what they get for the time of a job.

A job's token is exchanged for Vault's own, for the rights of one role of the tool. With it the job
gets a token of the cluster's service account, and lets Vault sign its way into Keycloak: nothing
that outlives the job is ever in it, but for the passphrase of Pulumi's state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from onboarding import environment, item, vault
from onboarding.bootstrap import token_life
from onboarding.desired import pki_profile, vault_mark
from onboarding.desired.vault_policies import Rules, document
from onboarding.identity import signing

OWNER = "environment"
WAY = "onboard-pipelines"
"""Auth mount at which jobs sign in."""
CLUSTER = "onboard/cluster"
"""Secrets engine that gives tokens of the cluster's service accounts."""
NAMESPACE = "onboard-system"
ISSUER = "pipeline-token-issuer"
"""Service account under which Vault asks the cluster for those tokens."""
SECRETS = "kv/data/onboard/applier"
"""What the applier alone needs of secrets: the passphrase of Pulumi's state."""
PASSPHRASE = "pulumi-passphrase"  # noqa: S105 - the name of a file
MARK = vault_mark.of(OWNER)

KINDS = (
    "PipelineEngine",
    "PipelineKey",
    "PipelineCluster",
    "PipelineAccount",
    "PipelineWay",
    "PipelineIssuer",
    "PipelineRole",
    "PipelineSecret",
)
"""In the order in which they can be made."""


def policy_name(role: environment.Role) -> str:
    return f"onboard-pipeline-{role.value}"


def policies(target: environment.Environment) -> dict[str, str]:
    """Documents by name: what a job may do besides what its role may."""
    return {
        policy_name(role): document(
            OWNER, f"What a pipeline needs to act as the {role.value} of onboard", _rules(role)
        )
        for role in _roles(target)
    }


def _rules(role: environment.Role) -> Rules:
    rules = {
        f"{signing.MOUNT}/keys/{role.value}": ("read",),
        f"{signing.MOUNT}/sign/{role.value}": ("update",),
        f"{CLUSTER}/creds/{_account(role)}": ("update",),
        "auth/token/revoke-self": ("update",),
    }
    return rules | ({SECRETS: ("read",)} if role is environment.Role.APPLIER else {})


def rules_of_bootstrap() -> Rules:
    """What the bootstrap needs to make all this."""
    admin = ("create", "read", "update", "sudo")
    tuned = ("create", "read", "update")
    return {
        f"sys/mounts/{signing.MOUNT}": tuned,
        f"sys/mounts/{CLUSTER}": tuned,
        f"sys/mounts/{CLUSTER}/tune": tuned,
        f"sys/auth/{WAY}": admin,
        f"{signing.MOUNT}/keys/+": tuned,
        f"{CLUSTER}/config": tuned,
        f"{CLUSTER}/roles/+": tuned,
        f"auth/{WAY}/config": tuned,
        f"auth/{WAY}/role/+": tuned,
        SECRETS: tuned,
    }


def _roles(target: environment.Environment) -> tuple[environment.Role, ...]:
    return tuple(target.pipelines.roles) if target.pipelines else ()


def _account(role: environment.Role) -> str:
    """Service account, and policy, of a role of the tool."""
    return f"onboard-{role.value}"


def desired(target: environment.Environment) -> Iterator[item.Item]:
    """Nothing where the environment has no pipelines."""
    of = target.pipelines
    if of is None:
        return
    yield _item("PipelineEngine", "", signing.MOUNT, {"type": "transit"})
    yield _item("PipelineEngine", "", CLUSTER, {"type": "kubernetes"})
    yield _item("PipelineCluster", CLUSTER, "config", _cluster(target))
    yield _item("PipelineWay", "", WAY, {"type": "jwt"})
    yield _item("PipelineIssuer", WAY, "config", _issuer(of))
    if environment.Role.APPLIER in of.roles:
        yield _item("PipelineSecret", "", SECRETS, {"holds": [PASSPHRASE]})
    for role, claims in of.roles.items():
        yield _item("PipelineKey", signing.MOUNT, role.value, {"type": "ecdsa-p256"})
        yield _item("PipelineAccount", CLUSTER, _account(role), _of_account(role))
        yield _item("PipelineRole", WAY, role.value, _of_role(of, role, claims))


def _item(kind: str, scope: str, name: str, fields: Mapping[str, Any]) -> item.Item:
    return item.Item(item.Ref(item.EngineName.VAULT, kind, scope, name), fields, OWNER)


def _cluster(target: environment.Environment) -> dict[str, Any]:
    return {
        "kubernetes_host": target.cluster.server,
        "kubernetes_ca_cert": target.cluster.ca_file.read_text(encoding="utf-8").strip(),
        "disable_local_ca_jwt": True,
        "issuer": token_life.NOT_DUE,
    }


def _issuer(of: environment.Pipelines) -> dict[str, Any]:
    if of.key_file is not None:
        keys = [of.key_file.read_text(encoding="utf-8").strip()]
        return {"bound_issuer": of.issuer, "jwt_validation_pubkeys": keys}
    trusted = of.ca_file.read_text(encoding="utf-8").strip() if of.ca_file else ""
    return {
        "bound_issuer": of.issuer,
        "oidc_discovery_url": of.issuer,
        "oidc_discovery_ca_pem": trusted,
    }


def _of_account(role: environment.Role) -> dict[str, Any]:
    longest = pki_profile.section("tokens")["toolLongestSeconds"]
    return {
        "service_account_name": _account(role),
        "allowed_kubernetes_namespaces": [NAMESPACE],
        "token_default_ttl": longest,
        "token_max_ttl": longest,
    }


def _of_role(
    of: environment.Pipelines,
    role: environment.Role,
    claims: Mapping[str, str | tuple[str, ...]],
) -> dict[str, Any]:
    longest = pki_profile.section("tokens")["toolLongestSeconds"]
    return {
        "role_type": "jwt",
        "user_claim": "sub",
        "bound_audiences": [of.audience],
        "bound_claims_type": "string",
        "bound_claims": {name: _listed(wanted) for name, wanted in claims.items()},
        "token_policies": sorted([policy_name(role), _account(role)]),
        "token_no_default_policy": True,
        "token_ttl": longest,
        "token_max_ttl": longest,
    }


def _listed(wanted: str | tuple[str, ...]) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)


def observe(door: vault.Vault, target: environment.Environment) -> Iterator[item.Item]:
    """What is there of it."""
    mounts, ways = door.read("sys/mounts") or {}, door.read("sys/auth") or {}
    for name in (signing.MOUNT, CLUSTER):
        if about := mounts.get(f"{name}/"):
            owner = vault_mark.owner(about.get("description"))
            ref = item.Ref(item.EngineName.VAULT, "PipelineEngine", "", name)
            yield item.Item(ref, about, owner)
    if f"{WAY}/" in ways:
        ref = item.Ref(item.EngineName.VAULT, "PipelineWay", "", WAY)
        about = ways[f"{WAY}/"]
        yield item.Item(ref, about, vault_mark.owner(about.get("description")))
    paths = {
        path: (kind, scope, name)
        for kind, scope, name, path in _places(target)
        # Whether the secret is there may be asked once the engines before it are made.
        if f"{scope or signing.MOUNT}/" in (mounts | ways)
    }
    about = str((mounts.get(f"{CLUSTER}/") or {}).get("description") or "")
    for path, found in door.read_all(paths).items():
        if found is not None:
            kind, scope, name = paths[path]
            yield _item(kind, scope, name, _seen(kind, found, about))


def _places(target: environment.Environment) -> Iterator[tuple[str, str, str, str]]:
    if target.pipelines is None:
        return
    yield "PipelineCluster", CLUSTER, "config", f"{CLUSTER}/config"
    yield "PipelineIssuer", WAY, "config", f"auth/{WAY}/config"
    yield "PipelineSecret", "", SECRETS, SECRETS
    for role in _roles(target):
        yield "PipelineKey", signing.MOUNT, role.value, f"{signing.MOUNT}/keys/{role.value}"
        yield "PipelineAccount", CLUSTER, _account(role), f"{CLUSTER}/roles/{_account(role)}"
        yield "PipelineRole", WAY, role.value, f"auth/{WAY}/role/{role.value}"


def _seen(kind: str, found: Mapping[str, Any], about: str) -> dict[str, Any]:
    """The fields of what was read; of a secret only what it is called.

    ``about`` is the description of the cluster's engine: when the token ends stands there.
    """
    if kind == "PipelineSecret":
        return {"holds": sorted(found.get("data") or {})}
    if kind == "PipelineCluster":
        trusted = str(found.get("kubernetes_ca_cert") or "").strip()
        return {**found, "kubernetes_ca_cert": trusted, "issuer": token_life.state(about)}
    if kind == "PipelineIssuer":
        keys = [key.strip() for key in found.get("jwt_validation_pubkeys") or ()]
        trusted = str(found.get("oidc_discovery_ca_pem") or "").strip()
        return {**found, "jwt_validation_pubkeys": keys, "oidc_discovery_ca_pem": trusted}
    return dict(found)


def public_keys(door: vault.Vault, role: environment.Role) -> tuple[str, ...]:
    """As ``signing.public_keys``; none before the engine is made."""
    if f"{signing.MOUNT}/" not in (door.read("sys/mounts") or {}):
        return ()
    return signing.public_keys(door, role)


def _write_engine(door: vault.Vault, _: environment.Environment, of: item.Item) -> None:
    if f"{of.ref.name}/" not in (door.read("sys/mounts") or {}):
        door.write(f"sys/mounts/{of.ref.name}", {**of.fields, "description": MARK})


def _write_way(door: vault.Vault, _: environment.Environment, of: item.Item) -> None:
    if f"{of.ref.name}/" not in (door.read("sys/auth") or {}):
        door.write(f"sys/auth/{of.ref.name}", {**of.fields, "description": MARK})


def _write_cluster(door: vault.Vault, target: environment.Environment, of: item.Item) -> None:
    from onboarding import kube

    days = pki_profile.section("tokens")["reviewerDays"]
    with_rights = kube.connect(target, environment.Role.BOOTSTRAP)
    token = with_rights.token(NAMESPACE, ISSUER, seconds=days * pki_profile.SECONDS_PER_DAY)
    asked = {name: value for name, value in of.fields.items() if name != "issuer"}
    door.write(f"{CLUSTER}/config", {**asked, "service_account_jwt": token.value})
    door.write(f"sys/mounts/{CLUSTER}/tune", {"description": token_life.note(MARK, token.expires)})


def _write_at(prefix: str) -> Callable[[vault.Vault, environment.Environment, item.Item], None]:
    def write(door: vault.Vault, _: environment.Environment, of: item.Item) -> None:
        door.write(f"{prefix}{of.ref.scope}/{_PART[of.ref.kind]}{of.ref.name}", of.fields)

    return write


def _write_secret(door: vault.Vault, target: environment.Environment, of: item.Item) -> None:
    known = (door.read(of.ref.name) or {}).get("data") or {}
    text = target.pulumi.passphrase_file.read_text(encoding="utf-8").strip()
    door.write(of.ref.name, {"data": {**known, PASSPHRASE: text}})


_PART = {"PipelineAccount": "roles/", "PipelineRole": "role/", "PipelineIssuer": ""}

WRITERS: Mapping[str, Callable[[vault.Vault, environment.Environment, item.Item], None]] = {
    "PipelineEngine": _write_engine,
    "PipelineWay": _write_way,
    "PipelineCluster": _write_cluster,
    "PipelineAccount": _write_at(""),
    "PipelineIssuer": _write_at("auth/"),
    "PipelineRole": _write_at("auth/"),
    "PipelineSecret": _write_secret,
}
