"""The cases of ``test_controls``: by control, how its subject is broken."""

from __future__ import annotations

from onboarding import policy
from tests.policies import (
    cases_citizen,
    cases_cluster,
    cases_links,
    cases_manifest,
    cases_people,
    cases_systems,
    cases_vault,
)
from tests.policies.breaks import LIVE, MANIFEST, PLAN, Case, public_client


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
    | _ids("XCH", *range(1, 13))
)

READS_THE_MANIFEST_ONLY = {"DOC-011", "MOU-004", "OPS-004"}
NOT_FOR_POOLED: set[str] = set()
KNOWN_FAILURES = {("PKI-007", "admincourt")}
"""The example's signer whose authority has lapsed, on purpose."""

NEVER_PASSES_AT = {
    ("DOC-011", LIVE),
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
    ("PKI-007", "unsigned"),
    ("XCH-001", "admincourt"),
    ("XCH-005", "admincourt"),
    ("XCH-008", "etda"),
    ("XCH-009", "moph"),
    ("XCH-011", "moph"),
    ("XCH-012", "moph"),
]

_PARTS: tuple[dict[str, list[Case]], ...] = (
    cases_manifest.MOU,
    cases_manifest.PDP,
    cases_cluster.TEN,
    cases_cluster.WRK,
    cases_cluster.NET,
    cases_vault.PKI,
    cases_vault.SEC,
    cases_people.IDP,
    cases_people.DOC,
    cases_people.OPS,
    cases_systems.SYSTEMS,
    cases_links.XCH,
    cases_citizen.CITIZEN,
)
"""A control that is asked at several stages may have its cases in several parts."""

BROKEN: dict[str, list[Case]] = {
    name: [case for part in _PARTS for case in part.get(name, ())]
    for name in dict.fromkeys(n for part in _PARTS for n in part)
}
