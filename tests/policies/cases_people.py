"""Ways to break sign-in, the e-Office settings and running operation."""

from __future__ import annotations

from datetime import date

from tests.policies.breaks import (
    LIVE,
    PLAN,
    Case,
    attested,
    both,
    environment_with,
    everywhere,
    extra,
    in_realm,
    live,
    manifest,
    only,
    public_client,
    setting,
    stated,
    waiver,
    without,
)
from tests.policies.world import E

_OURS = "https://e-office.admincourt.go.th/elsewhere"


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
        *live(without("Client", "ga-admincourt-prod")),
    ],
    "IDP-010": [
        *_client("redirectUris", ["https://e-office.admincourt.go.th/*"]),
        *_client("redirectUris", ["http://e-office.admincourt.go.th/x"]),
        *_client("redirectUris", ["https://evil.example.com/x"]),
        *_client("redirectUris", []),
        *_client("webOrigins", ["*"]),
        *live(in_realm("Client", "theirs", {"redirectUris": [_OURS]}), "admincourt"),
        *live(in_realm("Client", "theirs", {"redirectUris": ["https://*"]}), "admincourt"),
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
    "IDP-025": [
        *_realm("userProfile", None),
        *_realm("userProfile/attributes/email/edit", ["admin", "user"]),
        *_realm("userProfile/attributes/username", None),
        *_realm("userProfile/attributes/gdcc-second-factor", {"edit": ["user"], "view": []}),
        *_realm("userProfile/unmanagedAttributePolicy", "ENABLED"),
    ],
    "IDP-020": [
        *_realm("defaultSignatureAlgorithm", "HS256"),
        *_client("attributes/id.token.signed.response.alg", "HS256"),
        *_client("attributes/access.token.signed.response.alg", "none"),
    ],
}

_UNSIGNED = [{"letterType": "external", "steps": ["number", "sign", "send"], "signature": {}}]


_FENCED = {
    "enabled": True,
    "maxLetterClass": "normal",
    "blockedLetterClasses": ["confidential", "secret", "top-secret"],
    "endpoint": "https://ai.gdcc.go.th/v1",
}
"""Well fenced, and not agreed by an agency whose manifest has no AI."""


def _setting(path: str, value: object) -> list[Case]:
    return everywhere(setting("Settings", path, value))


DOC: dict[str, list[Case]] = {
    "DOC-001": [*_setting("letterTypes", []), *live(without("Settings"))],
    "DOC-002": [
        *_setting("secrecy/allowed", [{"id": "normal"}, {"id": "top-secret"}]),
        *_setting("secrecy", {}),
        *manifest(stated("systems.0.eoffice.secrecy", ("top-secret",))),
    ],
    "DOC-003": _setting("speeds", [{"id": "normal"}]),
    "DOC-004": [
        *live(setting("Settings", "centralAddress", "someone@admincourt.go.th")),
        *manifest(stated("agency.saraban_email", "office@moph.go.th")),
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
        *_setting("ecms/send", {"enabled": False}),
        *_setting("ecms/receive/credentialRef", "kv/admincourt/ga-admincourt-prod/ecms/send"),
        *everywhere(only("Settings", "e-office-settings", "ecms/enabled", True)),
        *manifest(stated("agency.ecms", None), stated("agency.ecms.department_code", "99002")),
    ],
    "DOC-010": [
        *_setting("retention/years", 5),
        *_setting("retention/deletion", {"approvalRequired": False}),
    ],
    "DOC-011": [
        (agency, LIVE, both(environment_with(production=True), stated_backup))
        for agency in ("moph", "admincourt")
        for stated_backup in (
            environment_with(attestations=()),
            attested("backup", date(2026, 1, 1)),
            attested("backup", date(2027, 1, 1)),
        )
    ],
    "DOC-012": [
        *_setting("registers/timeZone", "UTC"),
        *_setting("workCalendar/timeZone", None),
    ],
    "DOC-013": [
        *everywhere(setting("Settings", "workCalendar/outOfHours/rule", "entry"), "moph"),
        *everywhere(setting("Settings", "workCalendar/workDays", []), "moph"),
    ],
    "DOC-014": [
        *_setting("workflow/letters/0/signature/profile", "PAdES-B"),
        *_setting("workflow/letters/0/signature/document", "PDF"),
        *_setting("workflow/letters/0/signature", {}),
        *_setting("workflow", {}),
    ],
    "DOC-015": [
        *everywhere(setting("Settings", "ai/blockedLetterClasses", ["secret"]), "moph"),
        *everywhere(setting("Settings", "ai/maxLetterClass", "secret"), "moph"),
        *everywhere(setting("Settings", "ai/endpoint", "https://ai.example.com"), "moph"),
        *everywhere(setting("Settings", "ai/endpoint", "https://other.go.th"), "moph"),
        *_setting("ai", _FENCED),
        *_setting("ai", None),
    ],
}

OPS: dict[str, list[Case]] = {
    "OPS-002": manifest(
        environment_with(production=True), attested("control-plane-audit", date(2024, 1, 1))
    ),
    "OPS-003": manifest(
        stated("security.pgp_key", None),
        stated("operations.annual_report", None),
        stated("operations.annual_report.month", 3),
    ),
    "OPS-005": manifest(stated("operations.exit_plan", None)),
    "OPS-006": [
        *live(setting("Namespace", "metadata/labels", {})),
        *live(without("NetworkPolicy", "allow-dns")),
        *live(extra(E.CLUSTER, "Role", "ours-once", {})),
        *live(setting("Settings", "centralAddress", "x")),
    ],
    "OPS-007": manifest(
        waiver(control="MOU-001"),
        waiver(control="XXX-999"),
        waiver(approved_by="somebody"),
        waiver(expires=date(2026, 1, 1)),
        waiver(expires=date(2028, 1, 1)),
    ),
    "OPS-010": [
        ("admincourt", PLAN, extra(E.CLUSTER, "Secret", "x", {})),
        *live(setting("StackState", "plaintextSecrets", 1)),
        *live(setting("StackState", "secretsProvider", "")),
    ],
}
