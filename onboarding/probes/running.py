"""Running probes one after the other; one that breaks leaves the others alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from onboarding import errors, policy, progress
from onboarding.probes import probe


@dataclass(frozen=True, slots=True)
class Ran:
    """A probe that ran: between which moments (UTC), and what it showed."""

    of: probe.Probe
    began: datetime
    ended: datetime
    outcome: probe.Outcome


def run(agency: str, of: Iterable[probe.Probe], report: progress.Progress) -> tuple[Ran, ...]:
    """What each showed. The caller holds the agency's lease, and has been told what they do."""
    return tuple(_one(agency, one, report) for one in of)


def _one(agency: str, one: probe.Probe, report: progress.Progress) -> Ran:
    began = datetime.now(UTC)
    if not one.does:
        return Ran(one, began, began, one.run(report))
    try:
        with report.step(f"Probe: {one.name}"):
            outcome = one.run(report)
    except errors.LeaseLost:
        raise
    except Exception as broken:  # noqa: BLE001 - a probe that breaks must show, and not stop the rest
        said = str(broken) if isinstance(broken, errors.OnboardError) else repr(broken)
        why = f"the probe itself failed: {said}"
        outcome = probe.Outcome(probe.unknown(agency, one.controls, one.name, why))
    return Ran(one, began, datetime.now(UTC), outcome)


def findings(of: Sequence[Ran]) -> tuple[policy.Finding, ...]:
    return tuple(finding for one in of for finding in one.outcome.findings)
