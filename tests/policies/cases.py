"""The cases of ``test_controls``: by control, how its subject is broken."""

from __future__ import annotations

from datetime import date

from onboarding import policy
from onboarding.manifest.duties import Exemption
from tests.policies.breaks import (
    LIVE,
    MANIFEST,
    PLAN,
    Break,
    Case,
    allowed,
    another_claims,
    attested,
    binding,
    both,
    container,
    egress,
    environment_with,
    everywhere,
    extra,
    fee,
    issuer,
    later,
    network,
    only,
    path_rule,
    pod,
    public_client,
    setting,
    signed,
    stated,
    vault_at,
    waiver,
    without,
)
from tests.policies.world import E


def _ids(area: str, *numbers: int) -> set[str]:
    return {f"{area}-{n:03}" for n in numbers}


WANTED = (
    _ids("MOU", *range(1, 12), 15)
    | _ids("TEN", *range(1, 11), 13, 14, 16)
    | _ids("NET", 1, 2, 3, 6)
    | _ids("WRK", *range(1, 12), 16)
    | _ids("PKI", *range(1, 7), 12, 22)
    | _ids("SEC", *range(1, 6))
    | _ids("IDP", *range(1, 5), *range(9, 18), 20)
    | _ids("DOC", *range(1, 8), 10)
    | _ids("OPS", 6, 10)
)

READS_THE_MANIFEST_ONLY = {"MOU-004"}
NOT_FOR_POOLED: set[str] = set()
KNOWN_FAILURES = {("PKI-007", "admincourt")}
"""The example's signer whose authority has lapsed, on purpose."""

NEVER_PASSES_AT = {
    ("SEC-007", MANIFEST),
    ("OPS-002", MANIFEST),
    ("PDP-002", MANIFEST),
    ("PKI-002", PLAN),
    ("PKI-015", LIVE),
}
"""Nothing to judge in the examples: see the tests of their own."""


def prepared(control_id: str, view: policy.View) -> policy.View:
    """The world with what the examples lack for this control to judge anything."""
    return public_client(view) if control_id == "IDP-016" else view


NOT_APPLICABLE = [
    ("MOU-005", "moph"),
    ("PDP-001", "admincourt"),
    ("PDP-002", "moph"),
    ("PDP-005", "moph"),
    ("PDP-007", "plk-lao"),
    ("DOC-013", "admincourt"),
]

_DNS_ELSEWHERE = egress([{"namespaceSelector": {"matchLabels": {"a": "b"}}}], 53)
_WORLD = egress([{"ipBlock": {"cidr": "0.0.0.0/0"}}], 443)
_OTHER_AGENCY = egress(
    [{"namespaceSelector": {"matchLabels": {"gdcc.go.th/agency": "other"}}}], 443
)
_METADATA = egress([{"ipBlock": {"cidr": "169.254.0.0/16"}}], 80)
_ANY_ROLE = {"rules": [{"apiGroups": [""], "resources": ["*"], "verbs": ["get"]}]}


def _live(change: Break, agency: str = "admincourt") -> list[Case]:
    return [(agency, LIVE, change)]


def _manifest(*changes: Break, agency: str = "moph") -> list[Case]:
    return [(agency, MANIFEST, change) for change in changes]


MOU: dict[str, list[Case]] = {
    "MOU-001": _manifest(stated("users.initial", 0), stated("metadata.id", "Not An Id")),
    "MOU-002": _manifest(stated("mou.signatories", ()), stated("mou.signed_on", date(2027, 1, 1))),
    "MOU-003": _manifest(stated("agency.name_th", "Ministry")),
    "MOU-004": [
        *_manifest(stated("mou.effective_to", date(2026, 11, 21)), later(date(2030, 1, 1))),
        ("moph", LIVE, stated("mou.effective_from", date(2026, 11, 23))),
    ],
    "MOU-005": _manifest(
        stated("mou.coordinator", None),
        stated("mou.coordinator.kind", "agency"),
        stated("mou.coordinator.province_code", "TH-10"),
        agency="plk-lao",
    ),
    "MOU-006": _manifest(
        stated("users.target", 1),
        stated("bodies.onboarded", 58),
        stated("bodies.total", 56),
        stated("users.initial", 1047),
        agency="plk-lao",
    ),
    "MOU-007": _manifest(stated("mou.fees", (fee("e-office"),)), stated("mou.fees", (fee("x"),))),
    "MOU-008": [
        *_manifest(stated("legal.epa2565.mode", "voluntary")),
        *_manifest(
            stated("legal.epa2565.mode", "applicable"),
            stated("legal.epa2565.mode", "royal-decree"),
            agency="admincourt",
        ),
    ],
    "MOU-009": _manifest(
        stated("security.category.reviewed_on", date(2023, 11, 1)),
        stated("security.category.reviewed_on", date(2026, 12, 1)),
        stated("security.category.c", "medium"),
    ),
    "MOU-010": _manifest(
        both(
            stated("security.category.c", "low"),
            stated("security.category.i", "low"),
            stated("security.category.a", "low"),
        )
    ),
    "MOU-011": _manifest(
        stated("security.max_data_class", "top-secret"),
        stated("systems.0.data_class", "top-secret"),
        stated("systems.0.eoffice.secrecy", ("normal", "top-secret")),
        stated("links.0.data_class", "top-secret"),
    ),
    "MOU-012": [
        *_manifest(stated("security.max_data_class", "open")),
        *_manifest(stated("security.max_data_class", "secret"), agency="plk-lao"),
    ],
    "MOU-013": _manifest(stated("operations.regions", ("TH", "SG"))),
    "MOU-014": _manifest(
        stated("mou.title", "-----BEGIN EC PRIVATE KEY-----"),
        stated("mou.title", "password: hunter2"),
        stated("mou.title", "hvs.CAESIJ1234567890abcdefghij"),
    ),
    "MOU-015": _manifest(another_claims),
    "MOU-016": _manifest(stated("systems.0.hosting", "other")),
    "MOU-017": _manifest(stated("agency.branch", "education"), stated("agency.branch", "guild")),
}

PDP: dict[str, list[Case]] = {
    "PDP-001": _manifest(stated("legal.pdpa.dpo", None)),
    "PDP-002": _manifest(
        both(
            stated("legal.pdpa.dpo.other_duties", True),
            stated("legal.pdpa.dpo.certified_to_pdpc", None),
        )
    ),
    "PDP-003": _manifest(
        stated("legal.pdpa.dpa_ref", None), stated("legal.pdpa.role", "processor")
    ),
    "PDP-004": _manifest(stated("systems.0.personal_data.recipients", ())),
    "PDP-005": [
        *_manifest(stated("legal.pdpa.exemption.scope", ""), agency="admincourt"),
        *_manifest(stated("legal.pdpa.exemption", Exemption(paragraph="s4(2)", scope="ทั้งหมด"))),
    ],
    "PDP-006": _manifest(
        stated("contacts.2.role", "technical"),
        both(
            stated("contacts.1.available", "08:30-16:30"),
            stated("contacts.2.available", "08:30-16:30"),
        ),
        stated("operations.pdpc_hours", 96),
    ),
    "PDP-007": _manifest(
        both(stated("security.category.c", "low"), stated("security.category.i", "low")),
        stated("identity.required_aal", 1),
    ),
}

TEN: dict[str, list[Case]] = {
    "TEN-001": [
        *everywhere(without("Namespace", "ga-admincourt-prod")),
        *everywhere(only("Namespace", "ga-admincourt-prod", "metadata", {"labels": {}})),
    ],
    "TEN-002": [
        *everywhere(setting("Namespace", "metadata", {"labels": {}})),
        *_live(without("Namespace")),
    ],
    "TEN-003": [
        *everywhere(setting("ResourceQuota", "spec/hard/requests.cpu", "64")),
        *everywhere(without("ResourceQuota", "compute")),
    ],
    "TEN-004": [
        *everywhere(only("ResourceQuota", "objects", "spec/hard/services.nodeports", "1")),
        *everywhere(only("ResourceQuota", "objects", "spec/hard/pods", None)),
        *everywhere(without("ResourceQuota", "objects")),
    ],
    "TEN-005": [
        *everywhere(without("LimitRange")),
        *everywhere(setting("LimitRange", "spec/limits/0/max/cpu", "1000")),
        *everywhere(setting("LimitRange", "spec/limits/0/default", None)),
    ],
    "TEN-006": _live(allowed("guard-rail")),
    "TEN-007": [
        *_live(allowed("cluster-scope")),
        ("admincourt", PLAN, binding("ClusterRoleBinding", kind="Group", name="x")),
    ],
    "TEN-008": _live(allowed("other-tenant")),
    "TEN-009": [
        *everywhere(binding(role="cluster-admin", kind="Group", name="gdcc:admincourt:operator")),
        *everywhere(binding(kind="Group", name="system:authenticated")),
        *_live(binding("ClusterRoleBinding", kind="Group", name="gdcc:admincourt:operator")),
        *_live(binding("ClusterRoleBinding", kind="Group", name="system:unauthenticated")),
    ],
    "TEN-010": everywhere(extra(E.CLUSTER, "Role", "any", _ANY_ROLE)),
    "TEN-011": everywhere(
        setting("Role", "rules", [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}])
    ),
    "TEN-012": everywhere(
        setting(
            "Role", "rules", [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}]
        )
    ),
    "TEN-013": [
        *everywhere(only("ServiceAccount", "default", "automountServiceAccountToken", True)),
        *everywhere(setting("Deployment", "spec/template/spec/serviceAccountName", "default")),
        *_live(setting("Pod", "spec/serviceAccountName", None)),
        *everywhere(binding(kind="ServiceAccount", name="default")),
    ],
    "TEN-014": [
        *everywhere(binding(kind="User", name="somchai")),
        *everywhere(binding(kind="Group", name="gdcc:other:operator")),
    ],
    "TEN-016": [
        *_live(without("Namespace", "ga-admincourt-uat")),
        *_live(
            extra(
                E.CLUSTER,
                "Namespace",
                "ga-admincourt-old",
                {
                    "metadata": {
                        "labels": {
                            "gdcc.go.th/agency": "admincourt",
                            "gdcc.go.th/managed-by": "onboard",
                        }
                    }
                },
            )
        ),
    ],
}

WRK: dict[str, list[Case]] = {
    "WRK-001": [
        *container("securityContext/privileged", True),
        ("admincourt", LIVE, without("Deployment")),
        (
            "admincourt",
            LIVE,
            setting(
                "Pod",
                "spec/ephemeralContainers",
                [{"name": "debug", "securityContext": {"privileged": True}}],
            ),
        ),
    ],
    "WRK-002": container("securityContext/allowPrivilegeEscalation", None),
    "WRK-003": [
        *container("securityContext/runAsUser", 0),
        *container("securityContext/runAsNonRoot", False),
    ],
    "WRK-004": [
        *container("securityContext/capabilities", {"drop": ["NET_RAW"]}),
        *container("securityContext/capabilities", {"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
    ],
    "WRK-005": container("securityContext/seccompProfile", {"type": "Unconfined"}),
    "WRK-006": [
        *pod("hostNetwork", True),
        *pod("hostPID", True),
        *container("ports", [{"containerPort": 1, "hostPort": 1}]),
        *container("livenessProbe", {"httpGet": {"host": "10.0.0.1"}}),
    ],
    "WRK-007": pod("volumes", [{"name": "host", "hostPath": {"path": "/"}}]),
    "WRK-008": [
        *container("securityContext/procMount", "Unmasked"),
        *pod("securityContext/sysctls", [{"name": "kernel.msgmax", "value": "1"}]),
        *container("securityContext/appArmorProfile", {"type": "Unconfined"}),
        *container("securityContext/seLinuxOptions", {"type": "spc_t"}),
    ],
    "WRK-009": container("securityContext/readOnlyRootFilesystem", False)[:1],
    "WRK-010": container("resources/limits", None)[:1],
    "WRK-011": [
        *container("image", "docker.io/library/nginx:latest"),
        *container("image", "registry.invalid/e-office:1.2"),
    ],
    "WRK-012": container("imagePullPolicy", "IfNotPresent")[:1],
    "WRK-013": pod("automountServiceAccountToken", True)[:1],
    "WRK-014": [
        *container("env", [{"name": "DB_PASSWORD", "value": "x"}]),
        *container("envFrom", [{"secretRef": {"name": "x"}}]),
    ],
    "WRK-015": [
        *everywhere(setting("Deployment", "spec/replicas", 1)),
        *everywhere(without("PodDisruptionBudget")),
        *everywhere(setting("PodDisruptionBudget", "spec/minAvailable", 9)),
        *everywhere(setting("Deployment", "spec/template/spec/topologySpreadConstraints", None)),
    ],
    "WRK-016": [
        *everywhere(setting("Service", "spec/type", "NodePort")),
        *everywhere(setting("Service", "spec/externalIPs", ["192.0.2.1"])),
        *_live(without("Service")),
    ],
}

NET: dict[str, list[Case]] = {
    "NET-001": [
        *everywhere(without("NetworkPolicy", "default-deny")),
        *everywhere(only("NetworkPolicy", "default-deny", "spec/egress", [{}])),
        *everywhere(only("NetworkPolicy", "default-deny", "spec/policyTypes", ["Ingress"])),
    ],
    "NET-002": [
        *everywhere(network("dns", _DNS_ELSEWHERE)),
        *everywhere(without("NetworkPolicy", "allow-dns")),
    ],
    "NET-003": [
        *everywhere(network("open", _WORLD)),
        *everywhere(network("open", egress([]))),
        *everywhere(network("open", egress([{"namespaceSelector": {}}]))),
        *_live(without("NetworkPolicy", "allow-dns")),
    ],
    "NET-005": everywhere(network("friend", _OTHER_AGENCY)),
    "NET-006": [
        *everywhere(setting("Ingress", "spec/tls", None)),
        *everywhere(setting("Ingress", "spec/rules/0/host", "evil.example.com")),
        *everywhere(setting("Ingress", "spec/rules/0/host", None)),
        *everywhere(
            setting(
                "Ingress",
                "metadata",
                {"annotations": {"nginx.ingress.kubernetes.io/server-snippet": "x"}},
            )
        ),
        *everywhere(setting("Ingress", "spec/defaultBackend", {"service": {"name": "x"}})),
    ],
    "NET-008": everywhere(network("metadata", _METADATA)),
}

PKI: dict[str, list[Case]] = {
    "PKI-001": [
        *everywhere(without("Mount")),
        *everywhere(without("Issuer")),
        *_live(setting("Issuer", "issuer", "CN=Issuing CA,O=Agency,C=TH")),
    ],
    "PKI-002": [
        *_live(issuer(root="Somebody else")),
        *_live(without("Issuer")),
        ("admincourt", LIVE, signed()),
        ("moph", PLAN, without("Issuer")),
    ],
    "PKI-003": [
        *_live(issuer(ca=False)),
        *_live(issuer(path_length=3)),
        *_live(issuer(domains=("elsewhere.go.th",))),
        *_live(issuer(domains=())),
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
        *_live(without("PkiRole", "signer")),
    ],
    "PKI-006": [
        *everywhere(
            both(setting("Issuer", "keyAlgorithm", "rsa"), setting("Issuer", "keyBits", 1024))
        ),
        *everywhere(setting("Issuer", "keyBits", 224)),
        *_live(setting("Issuer", "signatureHash", "sha1")),
        ("moph", LIVE, setting("Certificate", "keyBits", 192)),
    ],
    "PKI-007": [
        *_live(signed()),
        ("moph", LIVE, signed(days=900)),
        ("plk-lao", LIVE, signed(days=400)),
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
        *_live(setting("IssuingUrls", "crl_distribution_points", [])),
        *_live(setting("CrlConfig", "auto_rebuild", False)),
        *_live(setting("CrlConfig", "disable", True)),
        *_live(setting("Crl", "nextUpdate", "2026-11-01T00:00:00Z")),
        *_live(without("Crl")),
        *_live(without("IssuingUrls")),
    ],
    "PKI-014": [
        ("moph", LIVE, signed(common="Somebody")),
        ("moph", LIVE, signed()),
        ("admincourt", LIVE, signed()),
    ],
    "PKI-015": [("admincourt", LIVE, signed()), ("moph", LIVE, signed(common="Somebody"))],
    "PKI-016": [
        *everywhere(path_rule("{mount}/issue/signer", "update")),
        *everywhere(path_rule("{mount}/*", "update")),
        *everywhere(path_rule("+/issue/+", "update")),
        *_live(without("Policy", "ga-admincourt-issuing")),
    ],
    "PKI-017": [
        *everywhere(path_rule("{mount}/sign-verbatim/signer", "update")),
        *everywhere(path_rule("{mount}/root/sign-intermediate", "update")),
        *everywhere(path_rule("{mount}/keys/*", "update")),
        *everywhere(path_rule("{mount}/s*", "update")),
    ],
    "PKI-018": _manifest(
        stated("signing.signers.0.requested_by", None),
        stated("signing.signers.0.requested_by", "moph-cio"),
        stated("signing.signers.0.ial_evidence_ref", ""),
        stated("identity.required_ial", "1.1"),
    ),
    "PKI-019": everywhere(setting("Issuer", "leafNotAfterBehavior", "permit")),
    "PKI-022": _live(
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
        *_live(without("AuditDevice", "file-2")),
        *_live(setting("AuditDevice", "sink", "/same")),
        *_live(only("AuditDevice", "file-1", "logRaw", True)),
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
        *_live(without("KubernetesAuthRole", "ga-admincourt-prod")),
    ],
    "SEC-004": [
        *everywhere(path_rule("kv/data/other/*")),
        *everywhere(path_rule("+/data/{id}/*")),
        *everywhere(path_rule("kv/data/{id}*")),
        *everywhere(path_rule("kv/data/{id}/x", "read", "sudo")),
        *_live(without("Policy", "ga-admincourt-issuing")),
    ],
    "SEC-005": [
        *_live(setting("TokenSummary", "root", True)),
        *_live(setting("TokenSummary", "period", 3600)),
        *_live(setting("TokenSummary", "explicitMaxTtl", 864000)),
        *_live(
            both(
                setting("TokenSummary", "explicitMaxTtl", 0),
                setting("TokenSummary", "creationTtl", 0),
            )
        ),
    ],
    "SEC-006": [("moph", PLAN, vault_at("http://vault.invalid"))],
    "SEC-007": _manifest(
        environment_with(production=True), attested("encryption-at-rest", date(2024, 1, 1))
    ),
}


def _realm(path: str, value: object) -> list[Case]:
    """Set in the agency's own realm, and in the shared one for who lives there."""
    change = setting("Realm", path, value)
    return [("moph", PLAN, change), ("moph", LIVE, change), ("admincourt", LIVE, change)]


def _client(path: str, value: object) -> list[Case]:
    return everywhere(setting("Client", path, value))


IDP: dict[str, list[Case]] = {
    "IDP-001": [
        *_realm("enabled", False)[:2],
        *_realm("displayName", "Ministry")[:2],
        *everywhere(without("Organization")),
        *everywhere(setting("Organization", "enabled", False)),
        ("moph", LIVE, without("Realm", "moph")),
    ],
    "IDP-002": [*_realm("sslRequired", "external"), ("moph", LIVE, without("Realm", "gdcc"))],
    "IDP-003": [
        *_realm("bruteForceProtected", False),
        *_realm("failureFactor", 30),
        *_realm("waitIncrementSeconds", 1),
    ],
    "IDP-004": [*_realm("passwordPolicy", "length(8)"), *_realm("passwordPolicy", None)],
    "IDP-009": [
        *_client("implicitFlowEnabled", True),
        *_client("directAccessGrantsEnabled", None),
        *_live(without("Client", "ga-admincourt-prod")),
    ],
    "IDP-010": [
        *_client("redirectUris", ["https://e-office.admincourt.go.th/*"]),
        *_client("redirectUris", ["http://e-office.admincourt.go.th/x"]),
        *_client("redirectUris", ["https://evil.example.com/x"]),
        *_client("redirectUris", []),
        *_client("webOrigins", ["*"]),
    ],
    "IDP-011": [
        *_client("attributes/pkce.code.challenge.method", "plain"),
        *_client("attributes", None),
    ],
    "IDP-012": _client("clientAuthenticatorType", "client-secret"),
    "IDP-013": _client("fullScopeAllowed", True),
    "IDP-014": [
        *_realm("eventsEnabled", False),
        *_realm("adminEventsDetailsEnabled", False),
        *_realm("eventsExpiration", 86400),
        *_realm("attributes/adminEventsExpiration", "86400"),
        *_realm("eventsListeners", []),
    ],
    "IDP-015": [
        *_realm("accessTokenLifespan", 3600),
        *_realm("ssoSessionIdleTimeout", 7200),
        *_realm("ssoSessionMaxLifespan", 0),
    ],
    "IDP-016": [
        ("moph", PLAN, both(public_client, setting("Realm", "revokeRefreshToken", False))),
        ("moph", LIVE, both(public_client, setting("Realm", "refreshTokenMaxReuse", 3))),
    ],
    "IDP-017": [
        *_realm("registrationAllowed", True),
        *_realm("editUsernameAllowed", True),
        *_realm("duplicateEmailsAllowed", None),
    ],
    "IDP-020": [
        *_realm("defaultSignatureAlgorithm", "HS256"),
        *_client("attributes/id.token.signed.response.alg", "HS256"),
        *_client("attributes/access.token.signed.response.alg", "none"),
    ],
}

_UNSIGNED = [{"letterType": "external", "steps": ["number", "sign", "send"], "signature": {}}]


def _setting(path: str, value: object) -> list[Case]:
    return everywhere(setting("Settings", path, value))


DOC: dict[str, list[Case]] = {
    "DOC-001": [*_setting("letterTypes", []), *_live(without("Settings"))],
    "DOC-002": [
        *_setting("secrecy/allowed", [{"id": "normal"}, {"id": "top-secret"}]),
        *_setting("secrecy", {}),
        *_manifest(stated("systems.0.eoffice.secrecy", ("top-secret",))),
    ],
    "DOC-003": _setting("speeds", [{"id": "normal"}]),
    "DOC-004": [
        *_live(setting("Settings", "centralAddress", "someone@admincourt.go.th")),
        *_manifest(stated("agency.saraban_email", "office@moph.go.th")),
    ],
    "DOC-005": [
        *_setting("registers/books", []),
        *_setting("registers/resetOn", "10-01"),
        *_setting("registers/numberUniquePerYear", False),
        *everywhere(setting("Settings", "registers/books/5", {}), "plk-lao"),
    ],
    "DOC-006": [
        *_setting("roles", [{"id": "central", "group": "admincourt:central"}]),
        *_setting("roles/0/group", "other:central"),
    ],
    "DOC-007": [*_setting("workflow/letters", _UNSIGNED), *_setting("workflow", {})],
    "DOC-008": [
        *_setting("ecms/endpoint", "http://ecms.mdes.go.th"),
        *_setting("ecms/departmentCode", "12345"),
        *_setting("ecms/notifiers", []),
        *_setting("ecms/enabled", False),
        *everywhere(only("Settings", "e-office-settings", "ecms/enabled", True)),
        *_manifest(stated("agency.ecms", None), stated("agency.ecms.department_code", "99002")),
    ],
    "DOC-010": [
        *_setting("retention/years", 5),
        *_setting("retention/deletion", {"approvalRequired": False}),
    ],
    "DOC-013": [
        *everywhere(setting("Settings", "workCalendar/outOfHours/rule", "entry"), "moph"),
        *everywhere(setting("Settings", "workCalendar/workDays", []), "moph"),
    ],
    "DOC-015": [
        *everywhere(setting("Settings", "ai/blockedLetterClasses", ["secret"]), "moph"),
        *everywhere(setting("Settings", "ai/endpoint", "https://ai.example.com"), "moph"),
        *_setting("ai", None),
    ],
}

OPS: dict[str, list[Case]] = {
    "OPS-002": _manifest(
        environment_with(production=True), attested("control-plane-audit", date(2024, 1, 1))
    ),
    "OPS-003": _manifest(
        stated("security.pgp_key", None),
        stated("operations.annual_report", None),
        stated("operations.annual_report.month", 3),
    ),
    "OPS-005": _manifest(stated("operations.exit_plan", None)),
    "OPS-006": [
        *_live(setting("Namespace", "metadata/labels", {})),
        *_live(without("NetworkPolicy", "allow-dns")),
        *_live(extra(E.CLUSTER, "Role", "ours-once", {})),
        *_live(setting("Settings", "centralAddress", "x")),
    ],
    "OPS-007": _manifest(
        waiver(control="MOU-001"),
        waiver(control="XXX-999"),
        waiver(approved_by="somebody"),
        waiver(expires=date(2026, 1, 1)),
        waiver(expires=date(2028, 1, 1)),
    ),
    "OPS-010": [
        ("admincourt", PLAN, extra(E.CLUSTER, "Secret", "x", {})),
        *_live(setting("StackState", "plaintextSecrets", 1)),
        *_live(setting("StackState", "secretsProvider", "")),
    ],
}

BROKEN: dict[str, list[Case]] = {
    **MOU, **PDP, **TEN, **WRK, **NET, **PKI, **SEC, **IDP, **DOC, **OPS,
}  # fmt: skip
