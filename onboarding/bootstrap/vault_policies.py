"""Rights of the tool's own roles in Vault, each with what its work needs and no more.

Three things to know:

* The applier signs the intermediates of agencies, so it alone holds ``root/sign-intermediate`` of
  the environment's root. PKI-017 forbids that path, and all others of its kind, to agencies.
* Whoever may write policies named ``ga-*`` can give them any path; Vault has no finer right. The
  applier is therefore to be guarded like an administrator, and its credential is short-lived.
* Nobody reads a secret of an agency: planner and auditor see metadata, the applier can only write.
  The one exception is the account that reads what an e-Office product is configured to.

A path that begins with ``+`` stands for every agency's PKI mount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onboarding import environment, vault
from onboarding.bootstrap import vault_approvers, vault_pipelines
from onboarding.desired import office, sso
from onboarding.desired.vault_policies import Rules

ROOT = "pki-root"
_READ = ("read",)
_LIST = ("list",)
_WRITE = ("create", "update")
_OWN = ("create", "read", "update", "delete")


def name(role: environment.Role) -> str:
    """Name of the policy, and of the AppRole, of a role of the tool."""
    return f"onboard-{role.value}"


def rules(role: environment.Role) -> Rules:
    """Capabilities by path of a role of the tool."""
    if role is environment.Role.BOOTSTRAP:
        return _bootstrap()
    if role is environment.Role.APPLIER:
        return {**_planner(), **_applier()}
    if role is environment.Role.AUDITOR:
        return {**_planner(), **_auditor()}
    return _planner()


def limits(role: environment.Role) -> Mapping[str, Sequence[str]]:
    """What a role may say in its requests, by path: lines for the policy's block.

    An intermediate of an agency issues leaves only, for the agency's names only. The root would
    sign a CA without such bounds for whoever asked without them.
    """
    if role is not environment.Role.APPLIER:
        return {}
    return {
        f"{ROOT}/root/sign-intermediate": (
            'required_parameters = ["max_path_length", "permitted_dns_domains", "use_csr_values"]',
            "allowed_parameters = {",
            '  "max_path_length" = ["0"]',
            '  "use_csr_values" = [false]',
            *(f'  "{name}" = []' for name in _SIGNED_BY_ROOT),
            "}",
        )
    }


_SIGNED_BY_ROOT = (
    "common_name",
    "country",
    "csr",
    "exclude_cn_from_sans",
    "key_usage",
    "organization",
    "permitted_dns_domains",
    "ttl",
)


def of_product(role: environment.Role, target: environment.Environment) -> Rules:
    """Where e-Office products are configured: the account that reads what they hold, no other.

    The applier makes both accounts; it reads the writing one never, a token of the agency does.
    """
    if target.e_office is None or role is environment.Role.BOOTSTRAP:
        return {}
    if role is not environment.Role.APPLIER:
        return {f"kv/data/+/+/{office.READER}": _READ}
    names = (*office.logins(target), *sso.kept_secrets(target))
    made = {f"kv/data/+/+/{name}": _WRITE for name in names}
    kept = {f"kv/metadata/+/+/{name}": _OWN for name in names}
    return {**made, **kept, f"kv/data/+/+/{office.READER}": ("read", *_WRITE)}


def _planner() -> Rules:
    return {
        "sys/mounts": _READ,
        "sys/auth": _READ,
        "sys/policies/detailed/acl": _LIST,
        "sys/policies/detailed/acl/": _LIST,
        "auth/kubernetes/role": _LIST,
        "auth/kubernetes/role/": _LIST,
        "auth/kubernetes/role/+": _READ,
        "+/roles": _LIST,
        "+/roles/": _LIST,
        "+/roles/+": _READ,
        "+/issuers": _LIST,
        "+/issuers/": _LIST,
        "+/issuer/+": _READ,
        "+/config/issuers": _READ,
        "+/config/urls": _READ,
        "+/config/crl": _READ,
        "+/config/auto-tidy": _READ,
        "kv/detailed-metadata/*": ("list", "scan"),
        "kv/metadata/*": ("read", "list"),
        **vault_approvers.checking_rules(),
    }


def _auditor() -> Rules:
    return {
        "sys/audit": ("read", "sudo"),
        "auth/token/accessors": ("list", "sudo"),
        "auth/token/accessors/": ("list", "sudo"),
        "auth/token/lookup-accessor": ("update",),
        "+/certs": _LIST,
        "+/certs/": _LIST,
        "+/cert/+": _READ,
        "+/tidy-status": _READ,
    }


def _applier() -> Rules:
    return {
        "sys/mounts/+": _READ,
        "sys/mounts/pki-*": ("create", "read", "update"),
        f"sys/mounts/{ROOT}": _READ,
        f"sys/mounts/{ROOT}/*": _READ,
        "sys/policies/acl/ga-*": _OWN,
        "auth/kubernetes/role/+": _READ,
        "auth/kubernetes/role/ga-*": _OWN,
        "+/roles/+": _OWN,
        "+/config/issuers": ("read", *_WRITE),
        "+/config/urls": ("read", *_WRITE),
        "+/config/crl": ("read", *_WRITE),
        "+/config/auto-tidy": ("read", *_WRITE),
        "+/issuer/+": ("read", *_WRITE),
        "+/keys": _LIST,
        "+/keys/": _LIST,
        "+/intermediate/generate/internal": _WRITE,
        "+/intermediate/generate/existing": _WRITE,
        "+/intermediate/set-signed": _WRITE,
        "+/sign/+": _WRITE,
        "+/revoke": _WRITE,
        "+/certs": _LIST,
        "+/certs/": _LIST,
        "+/cert/+": _READ,
        "+/crl/rotate": _READ,
        # A literal start outranks "+": of the root only these remain.
        f"{ROOT}/*": ("read", "list"),
        f"{ROOT}/root/sign-intermediate": _WRITE,
        # What the tool itself remembers of agencies' journals: metadata only, never deleted.
        "kv/metadata/_onboard/+": ("create", "read", "update"),
        "kv/data/+/+/oidc-client": _WRITE,
        # Deleting metadata destroys the entry with all its versions: only what is ours.
        "kv/metadata/+/+/oidc-client": ("create", "read", "update", "delete", "list"),
        f"auth/token/create/{vault.TENANT_TOKENS}": _WRITE,
    }


_APP_ROLE = {
    "": ("create", "read", "update"),
    "/role-id": _READ,
    "/secret-id": _WRITE,
    "/secret-id/lookup": _WRITE,
    "/secret-id/destroy": _WRITE,
}


def _bootstrap() -> Rules:
    tuned = ("create", "read", "update")
    admin = ("create", "read", "update", "sudo")
    return {
        "sys/mounts": _READ,
        f"sys/mounts/{ROOT}": tuned,
        f"sys/mounts/{ROOT}/tune": tuned,
        "sys/mounts/kv": tuned,
        "sys/mounts/kv/tune": tuned,
        "sys/auth": _READ,
        "sys/auth/approle": admin,
        "sys/auth/approle/tune": admin,
        "sys/auth/kubernetes": admin,
        "sys/auth/kubernetes/tune": admin,
        "sys/auth/token/tune": admin,
        "sys/audit": ("read", "sudo"),
        "sys/policies/detailed/acl": _LIST,
        "sys/policies/detailed/acl/": _LIST,
        "sys/policies/acl/onboard-*": _OWN,
        f"{ROOT}/config/*": tuned,
        f"{ROOT}/issuers": _LIST,
        f"{ROOT}/issuers/": _LIST,
        f"{ROOT}/issuer/+": tuned,
        f"{ROOT}/root/generate/internal": _WRITE,
        f"{ROOT}/issuers/import/bundle": _WRITE,
        # AppRoles of others are none of our business.
        **{
            f"auth/approle/role/{name(role)}{part}": capabilities
            for role in environment.Role
            for part, capabilities in _APP_ROLE.items()
        },
        "auth/kubernetes/config": tuned,
        f"auth/token/roles/{vault.TENANT_TOKENS}": tuned,
        **vault_approvers.bootstrap_rules(),
        **vault_pipelines.rules_of_bootstrap(),
    }
