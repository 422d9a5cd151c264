"""What Vault must hold for an agency: its certificate authority, policies, sign-in roles and keys.

Kinds and what their fields are: Mount, IssuingUrls, CrlConfig, AutoTidy, PkiRole and
KubernetesAuthRole as the API spells them; Issuer as facts of its certificate; Policy as
``document`` (text) and ``rules`` (capabilities by path); KeyPair as its public half; Account as its
name, without the password.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from onboarding import environment, item, tenant
from onboarding.desired import (
    device_vault,
    link_vault,
    office,
    pki_profile,
    vault_mark,
    vault_policies,
)

AUTH_MOUNT = "kubernetes"
OIDC_KEY = "oidc-client"
ACCOUNT = "account"
"""What an entry of the key-value store is for, in its own notes."""
DEFAULT_ISSUER = "default"
INGRESS_ROLE = "ingress"
LONGEST_NAME = 64
"""X.520 upper bound of commonName and organizationName, in characters."""

_DAY = pki_profile.SECONDS_PER_DAY


def desired(of: tenant.Tenant, target: environment.Environment) -> tuple[item.Item, ...]:
    """All items of the engine ``vault_pki`` for one agency."""
    return (
        _mount(of),
        *_mount_settings(of, target),
        _issuer(of),
        *_signer_roles(of),
        _ingress_role(of),
        *_device_role(of),
        *_policies(of),
        *(_auth_role(of, instance) for instance in of.instances),
        *(_key_pair(of, i) for i in of.signed_in_to if target.images.of(i.kind)),
        *_links(of),
        *_accounts(of, target),
    )


def key_pair_path(of: tenant.Tenant, instance: tenant.Instance) -> str:
    """Where the key pair of an instance's OIDC client is, below the KV mount."""
    return f"{of.kv_prefix}{instance.namespace}/{OIDC_KEY}"


def issuer_name(of: tenant.Tenant) -> str:
    """CN of the agency's issuing CA: its English name, or its id where that is too long."""
    full = f"{of.manifest.agency.name_en} Issuing CA"
    return full if len(full) <= LONGEST_NAME else f"{of.id} Issuing CA"


def organization(of: tenant.Tenant) -> str:
    """O of the agency's certificates (PKI-010): its Thai name in NFC, at most 64 characters."""
    agency = of.manifest.agency
    return unicodedata.normalize("NFC", agency.certificate_name or agency.name_th)


def public_url(target: environment.Environment, mount: str, what: str) -> str:
    """Address under which a mount's ``ca``, ``crl`` or ``ocsp`` is published."""
    return f"{target.vault.public_url.rstrip('/')}/v1/{mount}/{what}"


def urls(target: environment.Environment, mount: str) -> dict[str, Any]:
    """CDP, AIA and OCSP addresses (PKI-012) of a mount with one issuer, for ``config/urls``."""
    return {
        "issuing_certificates": [public_url(target, mount, "ca")],
        "crl_distribution_points": [public_url(target, mount, "crl")],
        "ocsp_servers": [public_url(target, mount, "ocsp")],
    }


def issuer_urls(target: environment.Environment, mount: str) -> dict[str, Any]:
    """As ``urls``, with an address for each issuer: a former one's list stays where it was.

    OpenBao puts in the issuer's id; one OCSP address answers for all issuers of a mount.
    """
    issuer = "issuer/{{issuer_id}}"
    return {
        "enable_templating": True,
        "issuing_certificates": [public_url(target, mount, f"{issuer}/der")],
        "crl_distribution_points": [public_url(target, mount, f"{issuer}/crl/der")],
        "ocsp_servers": [public_url(target, mount, "ocsp")],
    }


def crl() -> dict[str, Any]:
    """Settings of the revocation list, as ``config/crl`` takes them."""
    profile = pki_profile.section("crl")
    return {
        "auto_rebuild": True,
        "auto_rebuild_grace_period": profile["rebuildBefore"],
        "expiry": profile["expiry"],
        "disable": False,
        "ocsp_disable": False,
        "ocsp_expiry": profile["ocspExpiry"],
    }


def audited() -> dict[str, Any]:
    """Which fields of a PKI mount the audit log shows in the clear (SEC-002)."""
    audit = pki_profile.section("audit")
    return {
        "audit_non_hmac_request_keys": list(audit["plainRequestKeys"]),
        "audit_non_hmac_response_keys": list(audit["plainResponseKeys"]),
    }


def _item(
    of: tenant.Tenant,
    kind: str,
    scope: str,
    name: str,
    fields: Mapping[str, Any],
    *,
    holds_data: bool = False,
) -> item.Item:
    ref = item.Ref(item.EngineName.VAULT, kind, scope, name)
    return item.Item(ref, fields, of.id, holds_data)


def _mount(of: tenant.Tenant) -> item.Item:
    longest = pki_profile.section("intermediate")["days"] * _DAY
    config = {"default_lease_ttl": _DAY, "max_lease_ttl": longest, **audited()}
    fields = {"type": "pki", "description": vault_mark.of(of.id), "config": config}
    return _item(of, "Mount", "", of.pki_mount, fields, holds_data=True)


def _mount_settings(of: tenant.Tenant, target: environment.Environment) -> Iterator[item.Item]:
    tidy = pki_profile.section("tidy")
    yield _item(of, "IssuingUrls", of.pki_mount, "urls", issuer_urls(target, of.pki_mount))
    yield _item(of, "CrlConfig", of.pki_mount, "crl", crl())
    fields = {
        "enabled": True,
        "interval_duration": tidy["intervalSeconds"],
        "safety_buffer": tidy["safetyBufferSeconds"],
        "tidy_cert_store": True,
        # Revoked certificates are the evidence of who could sign until when.
        "tidy_revoked_certs": False,
    }
    yield _item(of, "AutoTidy", of.pki_mount, "auto-tidy", fields)


def _issuer(of: tenant.Tenant) -> item.Item:
    profile = pki_profile.section("intermediate")
    key = pki_profile.by_branch(profile["keys"], of.manifest.agency.branch)
    after = item.KNOWN_AFTER_APPLY
    fields = {
        "commonName": of.authority.common_name if of.authority else issuer_name(of),
        "organization": of.authority.organization if of.authority else organization(of),
        "country": "TH",
        "isCa": True,
        "pathLength": profile["pathLength"],
        "keyAlgorithm": key["keyType"],
        "keyBits": key["keyBits"],
        "permittedNames": sorted(of.domains),
        "leafNotAfterBehavior": "err",
        "certificate": after,
        "subject": after,
        "issuer": after,
        "notBefore": after,
        "notAfter": after,
        "signatureHash": after,
        "sha256": after,
    }
    return _item(of, "Issuer", of.pki_mount, DEFAULT_ISSUER, fields, holds_data=True)


def _signer_roles(of: tenant.Tenant) -> Iterator[item.Item]:
    """One role for the agency, or one for each body, whose name is O (decision 10)."""
    wanted = {b.pki_role: b.organization for b in of.bodies} or {"signer": organization(of)}
    for name, who in wanted.items():
        fields = signer_role(of.domains, unicodedata.normalize("NFC", who))
        yield _item(of, "PkiRole", of.pki_mount, name, fields)


def _closed_role() -> dict[str, Any]:
    """What no role of ours allows: free names, other names, keys that we would make."""
    return {
        "allow_any_name": False,
        "allow_localhost": False,
        "allow_wildcard_certificates": False,
        "allow_glob_domains": False,
        "allow_ip_sans": False,
        "allow_subdomains": False,
        "allow_bare_domains": True,
        "allowed_domains_template": False,
        "allowed_other_sans": [],
        "allowed_uri_sans": [],
        "allowed_serial_numbers": [],
        "allowed_user_ids": [],
        "client_flag": False,
        "code_signing_flag": False,
        "email_protection_flag": False,
        "use_csr_common_name": False,
        "use_csr_sans": False,
        "require_cn": True,
        "no_store": False,
        "generate_lease": False,
        "basic_constraints_valid_for_non_ca": True,
        "not_after_bound": "ttl-limited",
        "not_before_bound": "forbid",
        "not_before_duration": pki_profile.section("signer")["backdateSeconds"],
        "issuer_ref": DEFAULT_ISSUER,
        "country": ["TH"],
        "ext_key_usage": [],
    }


def signer_role(domains: tuple[str, ...], who: str) -> dict[str, Any]:
    """Role for letter-signing certificates of one organisation (PKI-004, 005, 008, 009).

    Personal names are no host names, so OpenBao's own check of CN is off; ``pki.issue`` gives the
    CN explicitly and verifies the certificate afterwards.
    """
    profile = pki_profile.section("signer")
    longest = profile["longestDays"] * _DAY
    return {
        **_closed_role(),
        "enforce_hostnames": False,
        "cn_validations": ["disabled"],
        "allowed_domains": sorted(domains),
        "server_flag": False,
        "organization": [who],
        "key_type": "any",
        "key_usage": list(profile["keyUsage"]),
        "ext_key_usage_oids": list(profile["extendedKeyUsage"]),
        "ttl": longest,
        "max_ttl": longest,
    }


def _ingress_role(of: tenant.Tenant) -> item.Item:
    profile = pki_profile.section("ingress")
    fields = {
        **_closed_role(),
        "enforce_hostnames": True,
        "cn_validations": ["hostname"],
        "allowed_domains": sorted({i.host for i in of.instances if i.host}),
        "server_flag": True,
        "organization": [organization(of)],
        "key_type": "ec",
        "key_bits": 256,
        "key_usage": list(profile["keyUsage"]),
        "ext_key_usage_oids": [],
        "ttl": profile["days"] * _DAY,
        "max_ttl": profile["days"] * _DAY,
    }
    return _item(of, "PkiRole", of.pki_mount, INGRESS_ROLE, fields)


def _device_role(of: tenant.Tenant) -> Iterator[item.Item]:
    if of.devices:
        fields = device_vault.role(of, _closed_role(), organization(of))
        yield _item(of, "PkiRole", of.pki_mount, device_vault.ROLE, fields)


def _policies(of: tenant.Tenant) -> Iterator[item.Item]:
    for instance in of.instances:
        rules = vault_policies.workload(of, instance)
        name = vault_policies.workload_name(of, instance)
        yield _policy(of, name, f"Workload of {instance.namespace}", rules)
    name = vault_policies.issuing_name(of)
    yield _policy(of, name, "Certificates of officials", vault_policies.issuing(of))


def _policy(of: tenant.Tenant, name: str, purpose: str, rules: vault_policies.Rules) -> item.Item:
    fields = {
        "document": vault_policies.document(of.id, purpose, rules),
        "rules": {path: list(capabilities) for path, capabilities in rules.items()},
    }
    return _item(of, "Policy", "", name, fields)


def _auth_role(of: tenant.Tenant, instance: tenant.Instance) -> item.Item:
    tokens = pki_profile.section("tokens")
    fields = {
        "bound_service_account_names": [instance.service_account],
        "bound_service_account_namespaces": [instance.namespace],
        "bound_service_account_namespace_selector": "",
        "audience": tokens["workloadAudience"],
        "token_ttl": tokens["workloadSeconds"],
        "token_max_ttl": tokens["workloadLongestSeconds"],
        "token_policies": [vault_policies.workload_name(of, instance)],
        "token_no_default_policy": True,
        "alias_name_source": "serviceaccount_uid",
    }
    return _item(of, "KubernetesAuthRole", AUTH_MOUNT, instance.namespace, fields)


def _links(of: tenant.Tenant) -> Iterator[item.Item]:
    """Keys of links are made anew when a link comes back, so they may go with it."""
    for link in of.agreed_links:
        fields = link_vault.role(link, _closed_role(), organization(of))
        yield _item(of, "PkiRole", of.pki_mount, link.pki_role, fields)
        pair = {"purpose": OIDC_KEY, "public_jwk": item.KNOWN_AFTER_APPLY, "stored": True}
        yield _item(of, "KeyPair", of.kv_mount, link_vault.key_pair_path(of, link), pair)


def _key_pair(of: tenant.Tenant, instance: tenant.Instance) -> item.Item:
    """The key of the instance's OIDC client (``private_key_jwt``); only its public half is read."""
    fields = {"purpose": OIDC_KEY, "public_jwk": item.KNOWN_AFTER_APPLY, "stored": True}
    path = key_pair_path(of, instance)
    return _item(of, "KeyPair", of.kv_mount, path, fields, holds_data=True)


def _accounts(of: tenant.Tenant, target: environment.Environment) -> Iterator[item.Item]:
    """Accounts of e-Office products, each with a password that is made once."""
    for path, username in office.accounts(of, target).items():
        fields = {"purpose": ACCOUNT, "username": username, "stored": True}
        yield _item(of, "Account", of.kv_mount, path, fields, holds_data=True)
