"""Findings as JSON for machines, in a schema that changes only with ``schemaVersion``.

``schemaVersion`` text; ``tool`` {name, version}; ``environment`` text; ``production`` boolean;
``tenant`` {id, nameTh, nameEn}; ``asOf`` ISO day and ``asOfBuddhistEra`` text; ``policyVersion``
text; ``findings`` in the order of control ids, each {``id``, ``titleEn``, ``titleTh``,
``severity``, ``stage``, ``verdict`` (pass | fail | waived | not-applicable | unknown),
``subject``, ``seen``, ``basis``, ``evidence`` (object: what was asked, when, and what came back;
empty where ``seen`` says it all), ``confirm``, ``remedyEn``, ``remedyTh``, ``sources``,
``gates``}; ``summary`` {verdict: count} with ``controls`` and ``ready``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onboarding
from onboarding import clock, environment, policy, tenant, verify
from onboarding.policies import load

SCHEMA_VERSION = "1"
TOOL = "gdcc-onboarding"


def finding(of: policy.Finding) -> dict[str, Any]:
    """One finding as JSON values."""
    control, result = of.control, of.result
    return {
        "id": control.id,
        "titleEn": control.title_en,
        "titleTh": control.title_th,
        "severity": control.severity.value,
        "stage": of.stage.value,
        "verdict": result.verdict.value,
        "subject": result.subject,
        "seen": result.seen,
        "basis": result.basis,
        "evidence": dict(result.evidence),
        "confirm": control.confirm,
        "remedyEn": control.remedy_en,
        "remedyTh": control.remedy_th,
        "sources": list(control.sources),
        "gates": of.gates,
    }


def findings(
    found: Sequence[policy.Finding],
    of: tenant.Tenant,
    target: environment.Environment,
    now: clock.Clock,
) -> dict[str, Any]:
    """The whole report of one agency."""
    day = now.today()
    agency = of.manifest.agency
    return {
        "schemaVersion": SCHEMA_VERSION,
        "tool": {"name": TOOL, "version": onboarding.__version__},
        "environment": target.name,
        "production": target.production,
        "tenant": {"id": of.id, "nameTh": agency.name_th, "nameEn": agency.name_en},
        "asOf": day.isoformat(),
        "asOfBuddhistEra": f"{clock.buddhist_year(day)}{day.isoformat()[4:]}",
        "policyVersion": load.version(),
        "findings": [finding(f) for f in sorted(found, key=_place)],
        "summary": summary(found),
    }


def summary(found: Sequence[policy.Finding]) -> dict[str, Any]:
    return {
        **{verdict.value: count for verdict, count in verify.counts(found).items()},
        "controls": len({f.control.id for f in found}),
        "ready": verify.gate(found) is None,
    }


def _place(of: policy.Finding) -> tuple[str, str, str]:
    return of.control.id, of.stage.value, of.result.subject
