"""Marks that every object of a tenant carries, so that it can be found and its owner told."""

from __future__ import annotations

from collections.abc import Mapping

PREFIX = "gdcc.go.th/"
AGENCY = PREFIX + "agency"
SYSTEM = PREFIX + "system"
ENVIRONMENT = PREFIX + "env"
MANAGED_BY = PREFIX + "managed-by"
CONTENT_HASH = PREFIX + "content-hash"
UNIT = PREFIX + "unit"
POOL = PREFIX + "pool"
"""Label and taint of a node: its pool of dedicated nodes; of a namespace: where its pods run."""
EXEMPTION = PREFIX + "pdpa-exemption"
"""Paragraph of PDPA s.4 that a namespace's data falls under, e.g. ``s4-2``."""
PHASE = PREFIX + "phase"
"""Of a namespace: ``present``, or ``frozen`` while its agency leaves and its records are taken out.
"""
LINK = PREFIX + "link"
MANAGER = "onboard"
FIELD_MANAGER = "onboard"


def of(agency: str, system: str, environment: str) -> dict[str, str]:
    """The four labels of TEN-001, as a new dict."""
    return {AGENCY: agency, SYSTEM: system, ENVIRONMENT: environment, MANAGED_BY: MANAGER}


def owner(labels: Mapping[str, str] | None) -> str:
    """The agency that owns an object by its labels; "" where it is not ours."""
    if not labels or labels.get(MANAGED_BY) != MANAGER:
        return ""
    return labels.get(AGENCY, "")
