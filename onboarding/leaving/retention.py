"""Until when the records of an agency that leaves are kept, and by which rule.

Law and periods are in ``policies/data/leaving.yaml``; a manifest may only lengthen them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from onboarding import names, tenant
from onboarding.manifest import model
from onboarding.policies import load


@dataclass(frozen=True, slots=True)
class Period:
    """Records of ``system`` are kept until ``until`` by the rule ``source``.

    ``confirm`` says what nobody has confirmed of the rule yet; "" where nothing is open.
    """

    system: str
    until: date
    source: str
    source_th: str
    confirm: str = ""


def periods(of: tenant.Tenant, frozen_on: date) -> tuple[Period, ...]:
    """Every rule that keeps records of the agency, the longest first; at least one."""
    found = [p for system in of.manifest.systems for p in _of_system(system, frozen_on)]
    return tuple(sorted(found, key=lambda p: (p.until, not p.confirm), reverse=True))


def until(of: tenant.Tenant, frozen_on: date) -> date:
    """The first day on which the agency's records may be destroyed."""
    return max(p.until for p in periods(of, frozen_on))


def _of_system(system: model.System, frozen_on: date) -> Iterator[Period]:
    law = load.read("leaving.yaml")
    for rule in law["least"].values():
        if not rule["kinds"] or system.kind in rule["kinds"]:
            yield _period(system.name, _later(frozen_on, rule), rule)
    told = law["manifest"]
    if system.kind == names.E_OFFICE:
        years = (system.eoffice or model.EOffice()).retention_years
        yield _period(system.name, years_after(frozen_on, years), told["letters"])
    if system.personal_data:
        years = system.personal_data.retention_years
        yield _period(system.name, years_after(frozen_on, years), told["personalData"])


def _period(system: str, ends: date, rule: dict[str, Any]) -> Period:
    return Period(system, ends, rule["source"], rule["sourceTh"], rule.get("confirm", ""))


def _later(day: date, rule: dict[str, Any]) -> date:
    return years_after(day, rule.get("years", 0)) + timedelta(days=rule.get("days", 0))


def years_after(day: date, years: int) -> date:
    """The same day ``years`` later; of 29 February, where there is none, the day after it."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
