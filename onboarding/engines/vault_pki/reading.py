"""What Vault holds for agencies, read with the fewest requests and without any secret."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from onboarding import environment, item, names, tenant, vault
from onboarding.desired import link_vault, office, vault_mark, vault_policies
from onboarding.desired import vault as wanted
from onboarding.engines.vault_pki import leaving
from onboarding.pki import certificates

KINDS = (
    "Mount",
    "IssuingUrls",
    "CrlConfig",
    "AutoTidy",
    "Issuer",
    "PkiRole",
    "Policy",
    "KubernetesAuthRole",
    "KeyPair",
    "Account",
)
ROOT_MOUNT = "pki-root"
_SETTINGS = {"IssuingUrls": "urls", "CrlConfig": "crl", "AutoTidy": "auto-tidy"}


def observe(
    door: vault.Vault, tenants: Sequence[tenant.Tenant], target: environment.Environment
) -> dict[str, tuple[item.Item, ...]]:
    """Items by agency. Three reads serve all tenants; the rest goes side by side."""
    mounts = door.read("sys/mounts") or {}
    policies = door.details("sys/policies/detailed/acl")
    owners = {name: vault_mark.owner(of.get("policy")) for name, of in policies.items()}
    found: dict[str, list[item.Item]] = {t.id: [] for t in tenants}
    for of in tenants:
        found[of.id] += _policies(of, policies, owners)
    for of, one in _mounts(door, tenants, mounts):
        found[of.id].append(one)
    for agency, one in _other_mounts(tenants, mounts):
        found[agency].append(one)
    for of, one in _auth_roles(door, tenants, owners, mounts=door.read("sys/auth") or {}):
        found[of.id].append(one)
    for of in tenants:
        if f"{of.kv_mount}/" in mounts:
            found[of.id] += _entries(door, of, target)
            if of.phase is tenant.Phase.GONE:
                found[of.id] += _secrets(door, of, found[of.id])
    return {agency: tuple(items) for agency, items in found.items()}


def make(kind: str, scope: str, name: str, fields: Mapping[str, Any], owner: str = "") -> item.Item:
    """An observed item of this engine."""
    return item.Item(item.Ref(item.EngineName.VAULT, kind, scope, name), fields, owner)


def _policies(
    of: tenant.Tenant, policies: Mapping[str, Any], owners: Mapping[str, str]
) -> Iterator[item.Item]:
    ours = {vault_policies.workload_name(of, i) for i in of.instances}
    ours.add(vault_policies.issuing_name(of))
    for name, read in policies.items():
        if name in ours or owners[name] == of.id:
            text = str(read.get("policy") or "")
            fields = {"document": text, "rules": vault_policies.rules_in(text)}
            yield make("Policy", "", name, fields, owners[name])


def _mounts(
    door: vault.Vault, tenants: Sequence[tenant.Tenant], mounts: Mapping[str, Any]
) -> Iterator[tuple[tenant.Tenant, item.Item]]:
    by_mount = {t.pki_mount: t for t in tenants if f"{t.pki_mount}/" in mounts}
    lists = door.read_all(
        path for m in by_mount for path in (f"{m}/roles?list=true", f"{m}/config/issuers")
    )
    paths: list[str] = []
    for mount in by_mount:
        paths += [f"{mount}/config/{part}" for part in _SETTINGS.values()]
        paths += [f"{mount}/roles/{role}" for role in _keys(lists[f"{mount}/roles?list=true"])]
        if issuer := (lists[f"{mount}/config/issuers"] or {}).get("default"):
            paths.append(f"{mount}/issuer/{issuer}")
    answers = door.read_all(paths)
    root = door.text(f"{ROOT_MOUNT}/ca/pem") if by_mount and f"{ROOT_MOUNT}/" in mounts else ""
    for mount, of in by_mount.items():
        owner = vault_mark.owner(mounts[f"{mount}/"].get("description"))
        yield of, make("Mount", "", mount, _mount_fields(mounts[f"{mount}/"]), owner)
        for path, answer in answers.items():
            if answer is not None and path.startswith(f"{mount}/"):
                yield of, _inside(mount, path.removeprefix(f"{mount}/"), answer, owner, root)


def _other_mounts(
    tenants: Sequence[tenant.Tenant], mounts: Mapping[str, Any]
) -> Iterator[tuple[str, item.Item]]:
    """Mounts that carry an agency's mark at a place that is not its own.

    Those of an agency that left and joined again stay, closed, so that revocation can be proven.
    """
    own = {
        of.id: {names.pki_mount(of.id, time) for time in range(1, of.generation + 1)}
        for of in tenants
    }
    for path, about in mounts.items():
        name, owner = path.rstrip("/"), vault_mark.owner((about or {}).get("description"))
        if owner in own and name not in own[owner]:
            ref = item.Ref(item.EngineName.VAULT, "Mount", "", name)
            yield owner, item.Item(ref, _mount_fields(about), owner, holds_data=True)


def _mount_fields(read: Mapping[str, Any]) -> dict[str, Any]:
    return {key: read.get(key) for key in ("type", "description", "config", "options")}


def _inside(mount: str, path: str, answer: Mapping[str, Any], owner: str, root: str) -> item.Item:
    """The item behind one answer of a PKI mount."""
    what, _, name = path.partition("/")
    if what == "roles":
        return make("PkiRole", mount, name, answer, owner)
    if what == "issuer":
        return make("Issuer", mount, wanted.DEFAULT_ISSUER, issuer_fields(answer, root), owner)
    kind = next(k for k, part in _SETTINGS.items() if part == name)
    return make(kind, mount, name, answer, owner)


def issuer_fields(answer: Mapping[str, Any], root: str) -> dict[str, Any]:
    """Facts of an issuer's certificate, its settings, and the root that it verifies to."""
    pem = str(answer["certificate"])
    anchored = bool(root) and certificates.is_signed_by(pem, root)
    return {
        **certificates.facts(pem),
        "id": answer["issuer_id"],
        "leafNotAfterBehavior": answer.get("leaf_not_after_behavior"),
        "usage": sorted(str(answer.get("usage") or "").split(",")),
        "revoked": bool(answer.get("revoked")),
        "anchorSha256": certificates.facts(root)["sha256"] if anchored else "",
    }


def _auth_roles(
    door: vault.Vault,
    tenants: Sequence[tenant.Tenant],
    owners: Mapping[str, str],
    *,
    mounts: Mapping[str, Any],
) -> Iterator[tuple[tenant.Tenant, item.Item]]:
    if f"{wanted.AUTH_MOUNT}/" not in mounts:
        return
    listed = door.names(f"auth/{wanted.AUTH_MOUNT}/role")
    of_name = {name: of for of in tenants for name in listed if _may_be_ours(of, name)}
    answers = door.read_all(f"auth/{wanted.AUTH_MOUNT}/role/{name}" for name in of_name)
    for path, answer in answers.items():
        if answer is None:
            continue
        name = path.rpartition("/")[2]
        # A role has no text of its own: it belongs to whoever owns every policy it gives.
        who = {owners.get(p, "") for p in answer.get("token_policies") or ("",)}
        owner = who.pop() if len(who) == 1 else ""
        of = next((t for t in tenants if t.id == owner), of_name[name])
        if owner == of.id or name in {i.namespace for i in of.instances}:
            yield of, make("KubernetesAuthRole", wanted.AUTH_MOUNT, name, answer, owner)


def _may_be_ours(of: tenant.Tenant, name: str) -> bool:
    return name.startswith(f"ga-{of.id}-") or name in {i.namespace for i in of.instances}


def _entries(
    door: vault.Vault, of: tenant.Tenant, target: environment.Environment
) -> Iterator[item.Item]:
    """Key pairs and accounts, by the notes beside them: no secret is read."""
    expected = {wanted.key_pair_path(of, i) for i in of.signed_in_to}
    expected |= {link_vault.key_pair_path(of, link) for link in of.links}
    accounts = office.accounts(of, target)
    # Of an agency that leaves they are secrets as all others; without a product, somebody else's.
    of_products = target.e_office is not None and of.phase is tenant.Phase.PRESENT
    marked_ones = of.phase is not tenant.Phase.GONE
    for below, about in door.scan(f"{of.kv_mount}/detailed-metadata/{of.kv_prefix}").items():
        path = f"{of.kv_prefix}{below}"
        notes = about.get("custom_metadata") or {}
        fields: dict[str, Any] = {
            "purpose": notes.get("purpose", ""),
            "stored": int(about.get("current_version") or 0) > 0,
            "updated": about.get("updated_time", ""),
        }
        if path in accounts or (of_products and fields["purpose"] == wanted.ACCOUNT):
            kind = "Account"
            fields["username"] = notes.get("username", "")
        elif path in expected or (marked_ones and fields["purpose"] == wanted.OIDC_KEY):
            kind = "KeyPair"
            public = notes.get("public_jwk")
            fields["public_jwk"] = json.loads(public) if public else None
        else:
            continue
        yield make(kind, of.kv_mount, path, fields, vault_mark.owner(notes.get("owner")))


def _secrets(
    door: vault.Vault, of: tenant.Tenant, known: Sequence[item.Item]
) -> Iterator[item.Item]:
    """What else lies below the prefix of an agency that has gone: it is all the agency's."""
    names = {i.ref.name for i in known}
    for path in leaving.secrets(door, of):
        if path not in names:
            yield make("Secret", of.kv_mount, path, {}, of.id)


def _keys(answer: Mapping[str, Any] | None) -> Iterable[str]:
    return (answer or {}).get("keys") or ()
