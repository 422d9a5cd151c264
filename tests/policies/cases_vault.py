"""Ways to break certificates, roles, policies and tokens."""

from __future__ import annotations

from datetime import date

from tests.policies.breaks import (
    LIVE,
    PLAN,
    Break,
    Case,
    attested,
    both,
    environment_with,
    everywhere,
    extra,
    issuer,
    live,
    manifest,
    only,
    path_rule,
    setting,
    signed,
    stated,
    vault_at,
    without,
)
from tests.policies.world import E

_BACK_DOOR = {
    "bound_service_account_names": ["e-office"],
    "bound_service_account_namespaces": ["ga-other-prod"],
    "audience": "vault",
    "token_ttl": 600,
    "token_max_ttl": 600,
    "token_policies": ["ga-admincourt-ga-admincourt-prod"],
}


def _policy_of_nobody(text: str) -> Break:
    return extra(E.VAULT, "OtherPolicy", "theirs", {"document": text}, shared=True)


PKI: dict[str, list[Case]] = {
    "PKI-001": [
        *everywhere(without("Mount")),
        *everywhere(without("Issuer")),
        *live(setting("Issuer", "issuer", "CN=Issuing CA,O=Agency,C=TH")),
    ],
    "PKI-002": [
        *live(issuer(root="Somebody else")),
        *live(without("Issuer")),
        ("admincourt", LIVE, signed()),
        ("moph", PLAN, without("Issuer")),
    ],
    "PKI-003": [
        *live(issuer(ca=False)),
        *live(issuer(path_length=3)),
        *live(issuer(domains=("elsewhere.go.th",))),
        *live(issuer(domains=())),
        # A second one beside the default may issue only if it is limited, too.
        *live(extra(E.VAULT, "Issuer", "5f3c", {"usage": ["crl-signing", "issuing-certificates"]})),
        *live(extra(E.VAULT, "Issuer", "5f3c", {})),
        ("admincourt", PLAN, setting("Issuer", "permittedNames", [])),
    ],
    "PKI-004": [
        *everywhere(setting("PkiRole", "allow_any_name", True)),
        *everywhere(setting("PkiRole", "allow_ip_sans", True)),
        *everywhere(setting("PkiRole", "no_store", True)),
        *everywhere(setting("PkiRole", "organization", ["Somebody"])),
        *everywhere(only("PkiRole", "signer", "allowed_domains", ["example.go.th"])),
        *everywhere(only("PkiRole", "signer", "server_flag", True)),
        *everywhere(only("PkiRole", "ingress", "allowed_domains", ["example.go.th"])),
        *everywhere(without("PkiRole", "signer")),
        *everywhere(without("PkiRole", "signer-plk-001"), "plk-lao"),
        *everywhere(extra(E.VAULT, "PkiRole", "surprise", {})),
        *everywhere(setting("PkiRole", "allowed_serial_numbers", ["*"])),
        *everywhere(setting("PkiRole", "use_csr_common_name", True)),
    ],
    "PKI-005": [
        *everywhere(setting("PkiRole", "not_after_bound", "permit")),
        *everywhere(setting("PkiRole", "not_before_bound", "permit")),
        *everywhere(setting("PkiRole", "not_before_duration", 3600)),
        *live(without("PkiRole", "signer")),
    ],
    "PKI-006": [
        *everywhere(
            both(setting("Issuer", "keyAlgorithm", "rsa"), setting("Issuer", "keyBits", 1024))
        ),
        *everywhere(setting("Issuer", "keyBits", 224)),
        *live(setting("Issuer", "signatureHash", "sha1")),
        ("moph", LIVE, setting("Certificate", "keyBits", 192)),
    ],
    "PKI-007": [
        *live(signed()),
        ("moph", LIVE, signed(days=900)),
        ("plk-lao", LIVE, signed(days=400)),
        ("unsigned", LIVE, signed(common="Somebody", organization="Somebody")),
    ],
    "PKI-008": [
        ("moph", LIVE, signed(fields={"keyUsage": ["digital_signature", "key_encipherment"]})),
        ("moph", LIVE, signed(fields={"keyUsageCritical": False})),
    ],
    "PKI-009": [
        ("moph", LIVE, signed(fields={"extendedKeyUsage": ["1.3.6.1.5.5.7.3.4"]})),
        ("moph", LIVE, signed(purposes=())),
    ],
    "PKI-010": [
        ("moph", LIVE, signed(common="Somebody")),
        ("moph", LIVE, signed(organization="Somebody")),
        ("moph", LIVE, signed(fields={"country": "DE"})),
    ],
    "PKI-011": [("moph", LIVE, signed(fields={"subject": "CN=1234567890121,C=TH"}))],
    "PKI-012": [
        *live(setting("IssuingUrls", "crl_distribution_points", [])),
        *live(setting("CrlConfig", "auto_rebuild", False)),
        *live(setting("CrlConfig", "disable", True)),
        *live(setting("Crl", "nextUpdate", "2026-11-01T00:00:00Z")),
        *live(without("Crl")),
        *live(extra(E.VAULT, "Issuer", "5f3c", {"usage": ["crl-signing"]})),
        *live(without("IssuingUrls")),
    ],
    "PKI-014": [
        ("moph", LIVE, signed(common="Somebody")),
        ("moph", LIVE, signed()),
        ("admincourt", LIVE, signed()),
        ("dlt", LIVE, signed(common="Somebody", organization="Somebody")),
    ],
    "PKI-015": [("admincourt", LIVE, signed()), ("moph", LIVE, signed(common="Somebody"))],
    "PKI-016": [
        *everywhere(path_rule("{mount}/issue/signer", "update")),
        *everywhere(path_rule("{mount}/*", "update")),
        *everywhere(path_rule("+/issue/+", "update")),
        *live(without("Policy", "ga-admincourt-issuing")),
    ],
    "PKI-017": [
        *everywhere(path_rule("{mount}/sign-verbatim/signer", "update")),
        *everywhere(path_rule("{mount}/root/sign-intermediate", "update")),
        *everywhere(path_rule("{mount}/keys/*", "update")),
        *everywhere(path_rule("{mount}/s*", "update")),
    ],
    "PKI-018": manifest(
        stated("signing.signers.0.requested_by", None),
        stated("signing.signers.0.requested_by", "moph-cio"),
        stated("signing.signers.0.ial_evidence_ref", ""),
        stated("identity.required_ial", "1.1"),
    ),
    "PKI-019": everywhere(setting("Issuer", "leafNotAfterBehavior", "permit")),
    "PKI-022": live(
        extra(
            E.VAULT,
            "RootIssuedCertificate",
            "0b",
            {"isCa": False, "subject": "CN=x", "notAfter": "2027-01-01T00:00:00Z"},
            shared=True,
        )
    ),
}

SEC: dict[str, list[Case]] = {
    "SEC-001": [
        *live(without("AuditDevice", "file-2")),
        *live(setting("AuditDevice", "sink", "/same")),
        *live(only("AuditDevice", "file-1", "logRaw", True)),
        *live(only("AuditDevice", "file-1", "sink", "discard")),
    ],
    "SEC-002": [
        *everywhere(setting("Mount", "config/audit_non_hmac_response_keys", [])),
        *everywhere(
            setting("Mount", "config/audit_non_hmac_response_keys", ["certificate", "private_key"])
        ),
    ],
    "SEC-003": [
        *everywhere(setting("KubernetesAuthRole", "bound_service_account_names", ["*"])),
        *everywhere(setting("KubernetesAuthRole", "bound_service_account_namespaces", ["*"])),
        *everywhere(setting("KubernetesAuthRole", "audience", "")),
        *everywhere(setting("KubernetesAuthRole", "token_max_ttl", 7200)),
        *everywhere(setting("KubernetesAuthRole", "token_ttl", 0)),
        *everywhere(setting("KubernetesAuthRole", "token_policies", ["ga-other"])),
        *live(without("KubernetesAuthRole", "ga-admincourt-prod")),
        *live(extra(E.VAULT, "KubernetesAuthRole", "backdoor", _BACK_DOOR)),
    ],
    "SEC-004": [
        *everywhere(path_rule("kv/data/other/*")),
        *everywhere(path_rule("+/data/{id}/*")),
        *everywhere(path_rule("kv/data/{id}*")),
        *everywhere(path_rule("kv/data/{id}/x", "read", "sudo")),
        *live(without("Policy", "ga-admincourt-issuing")),
        *live(_policy_of_nobody('path "kv/data/+/*" {\n  capabilities = ["read"]\n}\n')),
        *live(_policy_of_nobody('path "pki-admincourt-sign/*" { capabilities = ["update"] }')),
        *live(_policy_of_nobody('path "kv/data/moph/link-*" { capabilities = ["read"] }'), "moph"),
    ],
    "SEC-005": [
        *live(setting("TokenSummary", "root", True)),
        *live(setting("TokenSummary", "period", 3600)),
        *live(setting("TokenSummary", "explicitMaxTtl", 864000)),
        *live(
            both(
                setting("TokenSummary", "explicitMaxTtl", 0),
                setting("TokenSummary", "creationTtl", 0),
            )
        ),
    ],
    "SEC-008": [
        *everywhere(path_rule("kv/data/{id}/ga-admincourt-prod/*")),
        *everywhere(path_rule("kv/data/{id}/ga-admincourt-prod/ecms/send", "read", "update")),
        *everywhere(path_rule("kv/data/{id}/ga-admincourt-uat/ecms/receive")),
        *everywhere(without("Policy", "ga-admincourt-ga-admincourt-prod")),
        *live(_policy_of_nobody('path "kv/data/+/+/ecms/send" { capabilities = ["read"] }')),
    ],
    "SEC-006": [("moph", PLAN, vault_at("http://vault.invalid"))],
    "SEC-007": manifest(
        environment_with(production=True), attested("encryption-at-rest", date(2024, 1, 1))
    ),
}
