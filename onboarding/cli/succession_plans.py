"""What a succession would write: a plan for each agency of the new side. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from onboarding import clock, plan, succession, tenant
from onboarding.cli import job as jobs
from onboarding.cli import runs


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan of one agency; ``refusal`` is why apply would not take it yet, "" where it would."""

    agency: str
    file: str
    plan: plan.Plan
    refusal: str
    flags: tuple[str, ...]

    def line(self) -> str:
        counts = self.plan.counts()
        told = ", ".join(f"{counts[a]} to {a.value}" for a in plan.Action)
        digest = f"Digest sha256:{self.plan.digest}"
        line = f"{self.agency}: {told}, {self.plan.unchanged} unchanged. {digest}"
        if self.flags:
            line += f"\n  apply asks for {', '.join(self.flags)}"
        return f"{line}\n  apply would refuse this: {self.refusal}" if self.refusal else line

    def json(self) -> dict[str, Any]:
        counts = {action.value: n for action, n in self.plan.counts().items()}
        return {
            "tenant": self.agency,
            "file": self.file,
            "digest": f"sha256:{self.plan.digest}",
            "counts": {**counts, "unchanged": self.plan.unchanged},
            "refusal": self.refusal or None,
            "flags": list(self.flags),
        }


def of(
    which: succession.Succession,
    authorities: Mapping[str, tenant.Authority],
    wanted: str | None,
    given: tuple[Path, ...],
    now: clock.Clock,
) -> list[Planned]:
    """Plans as they will be once the succession is recorded: both sides claim the same names, and
    the CA of who goes on keeps its own."""
    made = []
    for one in which.after:
        job = jobs.start(Path(one.file), wanted, given, now, "text", "en")
        apart = {*which.ids_before, *which.ids_after} - {one.manifest.id}
        others = tuple(o for o in job.others if o.id not in apart)
        authority = job.tenant.authority or authorities.get(one.manifest.id)
        job = replace(job, others=others, tenant=replace(job.tenant, authority=authority))
        prepared = runs.prepare(job)
        flags = tuple(sorted({h.flag for h in prepared.hazards if h.flag}))
        plans = prepared.plan, _refusal(prepared), flags
        made.append(Planned(one.manifest.id, one.file, *plans))
    return made


def _refusal(prepared: Any) -> str:
    from onboarding import verify

    refusal = verify.gate(prepared.findings)
    return refusal.message if refusal else ""
