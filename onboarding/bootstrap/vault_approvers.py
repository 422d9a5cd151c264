"""What approvers with a key in Vault need of it: the key, and the right to sign with that one only.

The private key never leaves Vault. An approver whose login stands in the environment file gets
an AppRole and a credential of its own (the lab works so); elsewhere the operator ties the policy
to how that person signs in to Vault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from onboarding import environment, item, vault
from onboarding.approval import signatures
from onboarding.desired import pki_profile, vault_mark
from onboarding.desired.vault_policies import Rules, document

OWNER = "environment"
MOUNT = signatures.MOUNT
PREFIX = "onboard-approver-"
KINDS = ("ApprovalEngine", "ApprovalKey", "ApproverRole")
"""In the order in which they can be made."""
_KEY = {"type": "ed25519", "exportable": False, "allow_plaintext_backup": False}


def name(of: environment.Approver) -> str:
    """Name of the policy, and of the AppRole, of an approver."""
    return PREFIX + of.key


def bootstrap_rules() -> Rules:
    """What the bootstrap needs to make all this."""
    tuned = ("create", "read", "update")
    return {
        f"sys/mounts/{MOUNT}": tuned,
        f"{MOUNT}/keys/+": tuned,
        # A role, its id and its secret ids; of roles by this prefix only.
        f"auth/approle/role/{PREFIX}*": tuned,
    }


def checking_rules() -> Rules:
    """What everybody needs who checks a signature; it changes nothing."""
    return {f"{MOUNT}/verify/+": ("update",)}


def policies(target: environment.Environment) -> dict[str, str]:
    """Documents by name: what an approver may do."""
    return {
        name(of): document(
            OWNER,
            f"Rights of the approver {of.identity}",
            {f"{MOUNT}/sign/{of.key}": ("update",), **checking_rules()},
        )
        for of in _here(target)
    }


def desired(target: environment.Environment) -> Iterator[item.Item]:
    approvers = _here(target)
    if approvers:
        engine = {"type": "transit", "description": vault_mark.of(OWNER)}
        yield _item("ApprovalEngine", "", MOUNT, engine)
    for of in approvers:
        yield _item("ApprovalKey", MOUNT, of.key, _KEY)
        if of.vault is not None and of.vault.method == "approle":
            yield _item("ApproverRole", "approle", name(of), _role(of))


def _here(target: environment.Environment) -> tuple[environment.Approver, ...]:
    return tuple(a for a in target.approvers if a.method == "transit")


def _role(of: environment.Approver) -> dict[str, Any]:
    tokens = pki_profile.section("tokens")
    return {
        "bind_secret_id": True,
        "token_policies": [name(of)],
        "token_ttl": tokens["toolSeconds"],
        "token_max_ttl": tokens["toolSeconds"],
        "secret_id_ttl": tokens["secretIdDays"] * pki_profile.SECONDS_PER_DAY,
        "secret_id_num_uses": 0,
    }


def observe(door: vault.Vault, target: environment.Environment) -> Iterator[item.Item]:
    """What is there of it; an older bootstrap may not look at keys and roles before it is made."""
    approvers = _here(target)
    about = (door.read("sys/mounts") or {}).get(f"{MOUNT}/") if approvers else None
    if about is None:
        return
    yield _item("ApprovalEngine", "", MOUNT, about, vault_mark.owner(about.get("description")))
    for of in approvers:
        if (key := door.read(f"{MOUNT}/keys/{of.key}")) is not None:
            yield _item("ApprovalKey", MOUNT, of.key, key)
        if (role := door.read(f"auth/approle/role/{name(of)}")) is not None:
            yield _item("ApproverRole", "approle", name(of), role)


def _item(
    kind: str, scope: str, called: str, fields: Mapping[str, Any], owner: str = OWNER
) -> item.Item:
    return item.Item(item.Ref(item.EngineName.VAULT, kind, scope, called), fields, owner)
