"""Ways to break what the manifest must say."""

from __future__ import annotations

from datetime import date

from onboarding.manifest.citizen import HealthPlatform
from onboarding.manifest.duties import Exemption
from tests.policies.breaks import (
    LIVE,
    Case,
    another_claims,
    both,
    fee,
    later,
    manifest,
    stated,
)

_SHORT_LOG = HealthPlatform.model_validate({"accessLog": {"retentionDays": 30}})

MOU: dict[str, list[Case]] = {
    "MOU-001": manifest(stated("users.initial", 0), stated("metadata.id", "Not An Id")),
    "MOU-002": manifest(stated("mou.signatories", ()), stated("mou.signed_on", date(2027, 1, 1))),
    "MOU-003": manifest(stated("agency.name_th", "Ministry")),
    "MOU-004": [
        *manifest(stated("mou.effective_to", date(2026, 11, 21)), later(date(2030, 1, 1))),
        ("moph", LIVE, stated("mou.effective_from", date(2026, 11, 23))),
    ],
    "MOU-005": manifest(
        stated("mou.coordinator", None),
        stated("mou.coordinator.kind", "agency"),
        stated("mou.coordinator.province_code", "TH-10"),
        agency="plk-lao",
    ),
    "MOU-006": manifest(
        stated("users.target", 1),
        stated("bodies.onboarded", 58),
        stated("bodies.total", 56),
        stated("users.initial", 1047),
        agency="plk-lao",
    ),
    "MOU-007": manifest(stated("mou.fees", (fee("e-office"),)), stated("mou.fees", (fee("x"),))),
    "MOU-008": [
        *manifest(stated("legal.epa2565.mode", "voluntary")),
        *manifest(
            stated("legal.epa2565.mode", "applicable"),
            stated("legal.epa2565.mode", "royal-decree"),
            agency="admincourt",
        ),
    ],
    "MOU-009": manifest(
        stated("security.category.reviewed_on", date(2023, 11, 1)),
        stated("security.category.reviewed_on", date(2026, 12, 1)),
        stated("security.category.c", "medium"),
    ),
    "MOU-010": manifest(
        both(
            stated("security.category.c", "low"),
            stated("security.category.i", "low"),
            stated("security.category.a", "low"),
        )
    ),
    "MOU-011": manifest(
        stated("security.max_data_class", "top-secret"),
        stated("systems.0.data_class", "top-secret"),
        stated("systems.0.eoffice.secrecy", ("normal", "top-secret")),
        stated("links.0.data_class", "top-secret"),
    ),
    "MOU-012": [
        *manifest(stated("security.max_data_class", "open")),
        *manifest(stated("security.max_data_class", "secret"), agency="plk-lao"),
    ],
    "MOU-013": manifest(stated("operations.regions", ("TH", "SG"))),
    "MOU-014": manifest(
        stated("mou.title", "-----BEGIN EC PRIVATE KEY-----"),
        stated("mou.title", "password: hunter2"),
        stated("mou.title", "hvs.CAESIJ1234567890abcdefghij"),
    ),
    "MOU-015": manifest(another_claims),
    "MOU-016": manifest(stated("systems.0.hosting", "other")),
    "MOU-017": manifest(stated("agency.branch", "education"), stated("agency.branch", "guild")),
}

PDP: dict[str, list[Case]] = {
    "PDP-001": manifest(stated("legal.pdpa.dpo", None)),
    "PDP-002": manifest(
        both(
            stated("legal.pdpa.dpo.other_duties", True),
            stated("legal.pdpa.dpo.certified_to_pdpc", None),
        )
    ),
    "PDP-003": manifest(stated("legal.pdpa.dpa_ref", None), stated("legal.pdpa.role", "processor")),
    "PDP-004": manifest(stated("systems.0.personal_data.recipients", ())),
    "PDP-005": [
        *manifest(stated("legal.pdpa.exemption.scope", ""), agency="admincourt"),
        *manifest(stated("legal.pdpa.exemption", Exemption(paragraph="s4(2)", scope="ทั้งหมด"))),
    ],
    "PDP-006": manifest(
        stated("contacts.2.role", "technical"),
        both(
            stated("contacts.1.available", "08:30-16:30"),
            stated("contacts.2.available", "08:30-16:30"),
        ),
        stated("operations.pdpc_hours", 96),
    ),
    "PDP-007": manifest(
        both(stated("security.category.c", "low"), stated("security.category.i", "low")),
        stated("identity.required_aal", 1),
        stated("systems.1.health_platform", _SHORT_LOG),
    ),
}
