"""Small manifests for tests: a valid one, and changes to it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from onboarding import environment, manifest

EXAMPLES = Path(__file__).parents[3] / "examples"
EVERY_FIELD = EXAMPLES.parent / "tests/fixtures/manifests/every-field.yaml"
NAMES = ("moph", "admincourt", "plk-lao")

_BASE: dict[str, Any] = {
    "apiVersion": "gdcc.go.th/v1alpha2",
    "kind": "AgencyMou",
    "metadata": {"id": "culture"},
    "agency": {
        "nameTh": "กระทรวงวัฒนธรรม",
        "nameEn": "Ministry of Culture",
        "branch": "executive-central",
        "provinceCode": "TH-10",
        "letterCode": "วธ",
        "domains": ["culture.go.th"],
        "sarabanEmail": "saraban@culture.go.th",
    },
    "mou": {
        "title": "บันทึกความร่วมมือ",
        "number": "1/2568",
        "signedOn": "2025-02-03",
        "effectiveFrom": "2025-02-03",
        "effectiveTo": "2028-02-02",
        "mechanism": "central",
        "signatories": [
            {"party": "mdes", "name": "ก", "position": "ปลัดกระทรวง"},
            {"party": "agency", "name": "ข", "position": "ปลัดกระทรวง"},
        ],
    },
    "users": {"initial": 300, "target": 400},
    "tenancy": {"isolation": "dedicated", "environments": ["prod"]},
    "security": {
        "category": {"c": "moderate", "i": "moderate", "a": "low", "reviewedOn": "2026-01-01"},
        "maxDataClass": "confidential",
    },
    "systems": [{"name": "e-office", "kind": "e-office", "dataClass": "confidential"}],
    "identity": {},
    "legal": {"epa2565": {"mode": "applicable"}, "pdpa": {"role": "controller"}},
    "contacts": [{"role": "technical", "email": "it@culture.go.th", "phone": "+66-2-000-0000"}],
}

SIGNER: dict[str, Any] = {
    "id": "ps",
    "nameTh": "สมชาย ใจดี",
    "positionTh": "ปลัดกระทรวง",
    "email": "ps@culture.go.th",
    "orderRef": "1/2568",
    "authorityFrom": "2025-10-01",
    "authorityTo": "2027-09-30",
    "ialEvidenceRef": "RA-1",
}


def text(**changes: Any) -> str:
    """The base manifest as YAML; ``tenancy__environments=[…]`` sets a nested key, None removes."""
    value = copy.deepcopy(_BASE)
    for path, new in changes.items():
        *parents, key = path.split("__")
        part = value
        for parent in parents:
            part = part.setdefault(parent, {})
        if new is None:
            part.pop(key, None)
        else:
            part[key] = new
    return json.dumps(value, ensure_ascii=False, indent=1)


def build(**changes: Any) -> manifest.AgencyMou:
    return manifest.loads(text(**changes), "sample.yaml")


def example(name: str) -> manifest.AgencyMou:
    return manifest.load(EXAMPLES / f"{name}.yaml")


def target(shared_realm: str = "gdcc") -> environment.Environment:
    """An environment as far as resolving a tenant looks at it."""
    return environment.Environment.model_construct(
        name="test",
        production=False,
        keycloak=environment.Keycloak.model_construct(shared_realm=shared_realm),
    )
