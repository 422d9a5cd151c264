"""What an environment needs of Vault once: root CA, key-value store, ways to sign in, our roles.

The root CA is made inside Vault and its key never leaves it. To bring a root of your own, put
certificate and key as one PEM file at ``credentials/bootstrap/vault-root-ca.pem`` (0600) before
the first run; delete the file afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from onboarding import environment, errors, item, plan, progress, vault
from onboarding.bootstrap import (
    token_life,
    vault_approvers,
    vault_credentials,
    vault_items,
    vault_pipelines,
)
from onboarding.bootstrap.vault_items import DAY, MARK, ROOT
from onboarding.desired import pki_profile

REVIEWER_NAMESPACE = "onboard-system"
REVIEWER = "vault-token-reviewer"

desired = vault_items.desired
observe = vault_items.observe
own_rights = vault_items.own_rights
issue_credentials = vault_credentials.issue
issue_to_approvers = vault_credentials.issue_to_approvers


_ORDER = (
    "AuditDevice",
    "Mount",
    "IssuingUrls",
    "CrlConfig",
    "RootIssuer",
    "AuthMount",
    "KubernetesAuthConfig",
    "Policy",
    "AppRole",
    "TokenRole",
    # After the policies: what the bootstrap itself may do here stands in one of them.
    *vault_pipelines.KINDS,
    *vault_approvers.KINDS,
)


def apply(
    target: environment.Environment, changes: Sequence[plan.Change], report: progress.Progress
) -> Iterator[plan.Outcome]:
    """Write the changes in an order of our own; stops at the first failure."""
    with vault.connect(target, environment.Role.BOOTSTRAP) as door:
        for change in sorted(changes, key=lambda c: (_ORDER.index(c.ref.kind), c.ref)):
            began = time.monotonic()
            report.note(f"{change.action.value} {change.ref}")
            try:
                if change.desired is None:
                    raise errors.Refused(f"{change.ref}: bootstrap removes nothing")
                _WRITERS[change.ref.kind](door, target, change.desired)
            except errors.OnboardError as problem:
                seconds = time.monotonic() - began
                yield plan.Outcome(change, plan.Status.FAILED, seconds, problem)
                return
            yield plan.Outcome(change, plan.Status.APPLIED, time.monotonic() - began)


def _write_audit(_: vault.Vault, __: environment.Environment, ___: item.Item) -> None:
    least = pki_profile.section("audit")["leastDevices"]
    raise errors.Refused(
        f"Vault writes fewer than {least} audit logs with different sinks",
        details=["OpenBao takes audit devices from its configuration file only, not by its API"],
        resolution="Add a second stanza to the server's configuration and reload it, e.g.: "
        'audit "file" "second" { options { file_path = "/var/log/openbao/audit-2.log" } }',
    )


def _write_mount(door: vault.Vault, _: environment.Environment, of: item.Item) -> None:
    path = of.ref.name
    if f"{path}/" in (door.read("sys/mounts") or {}):
        tuned = {"description": of.fields["description"], **of.fields.get("config", {})}
        door.write(f"sys/mounts/{path}/tune", tuned)
    else:
        door.write(f"sys/mounts/{path}", of.fields)


def _write_setting(door: vault.Vault, _: environment.Environment, of: item.Item) -> None:
    door.write(f"{of.ref.scope}/config/{of.ref.name}", of.fields)


def _write_root(door: vault.Vault, target: environment.Environment, _: item.Item) -> None:
    own = vault_credentials.folder(target, environment.Role.BOOTSTRAP) / "vault-root-ca.pem"
    if own.is_file():
        bundle = own.read_text(encoding="utf-8")
        taken = door.write(f"{ROOT}/issuers/import/bundle", {"pem_bundle": bundle})
        issuer = next(i for i, key in (taken.get("mapping") or {}).items() if key)
        door.write(f"{ROOT}/config/issuers", {"default": issuer})
        return
    profile = pki_profile.section("root")
    door.write(
        f"{ROOT}/root/generate/internal",
        {
            "common_name": profile["commonName"].format(environment=target.name),
            "organization": [profile["organization"]],
            "country": ["TH"],
            "key_type": profile["keyType"],
            "key_bits": profile["keyBits"],
            "signature_bits": profile["keyBits"],
            "ttl": f"{profile['days'] * 24}h",
            "exclude_cn_from_sans": True,
            "issuer_name": "root",
        },
    )


def _write_way(door: vault.Vault, _: environment.Environment, of: item.Item) -> None:
    name = of.ref.name
    there = f"{name}/" in (door.read("sys/auth") or {})
    if not there:
        made = {"type": of.fields["type"], "description": MARK, "config": of.fields["config"]}
        door.write(f"sys/auth/{name}", made)
    door.write(f"sys/auth/{name}/tune", of.fields["config"])


def _write_kubernetes(door: vault.Vault, target: environment.Environment, of: item.Item) -> None:
    from onboarding import kube

    days = pki_profile.section("tokens")["reviewerDays"]
    cluster = kube.connect(target, environment.Role.BOOTSTRAP)
    token = cluster.token(REVIEWER_NAMESPACE, REVIEWER, seconds=days * DAY)
    asked = {
        k: of.fields[k] for k in ("kubernetes_host", "kubernetes_ca_cert", "disable_local_ca_jwt")
    }
    door.write("auth/kubernetes/config", {**asked, "token_reviewer_jwt": token.value})
    until = token_life.note(MARK, token.expires)
    door.write("sys/auth/kubernetes/tune", {"description": until})


def _write_policy(door: vault.Vault, _: environment.Environment, of: item.Item) -> None:
    door.write(f"sys/policies/acl/{of.ref.name}", {"policy": of.fields["document"]})


def _write_role(door: vault.Vault, _: environment.Environment, of: item.Item) -> None:
    door.write(f"auth/approle/role/{of.ref.name}", of.fields)


def _write_key(door: vault.Vault, _: environment.Environment, of: item.Item) -> None:
    door.write(f"{of.ref.scope}/keys/{of.ref.name}", of.fields)


def _write_token_role(door: vault.Vault, _: environment.Environment, of: item.Item) -> None:
    door.write(f"auth/token/roles/{of.ref.name}", of.fields)


_WRITERS: Mapping[str, Callable[[vault.Vault, environment.Environment, item.Item], None]] = {
    "AuditDevice": _write_audit,
    "Mount": _write_mount,
    "IssuingUrls": _write_setting,
    "CrlConfig": _write_setting,
    "RootIssuer": _write_root,
    "AuthMount": _write_way,
    "KubernetesAuthConfig": _write_kubernetes,
    "Policy": _write_policy,
    "AppRole": _write_role,
    "TokenRole": _write_token_role,
    **vault_pipelines.WRITERS,
    "ApprovalEngine": _write_mount,
    "ApprovalKey": _write_key,
    "ApproverRole": _write_role,
    "PipelineKey": _write_key,
}
