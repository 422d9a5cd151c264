"""``--probe``: what would be tried, the question whether to, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onboarding import pause, policy
from onboarding.cli import console, exchange
from onboarding.cli import job as jobs
from onboarding.leaving import records

if TYPE_CHECKING:
    from onboarding.probes import probe, running


def agreed(job: jobs.Job, secret_file: Path | None, *, yes: bool) -> tuple[probe.Probe, ...]:
    """The probes of the agency, once somebody agreed to what they send and make.

    Raises ``errors.UsageError`` where nobody can be asked, ``pause.Paused``, ``errors.Refused``.
    """
    from onboarding.probes import table

    records.refuse_unless_present(job.standing, job.tenant.id)
    pause.refuse(job.store, job.tenant.id, job.now.today())
    secret = exchange.account_secret(secret_file)
    probes = table.of(job.tenant, job.environment, job.store, job.now, secret)
    shown = [line for one in probes if one.does for line in (*one.does, "")]
    if shown and not yes:
        console.hint("\n".join([jobs.title(job), "", *shown]))
        console.refuse_without_asking("Read what would be sent")
        console.accept_plan("Probe so?")
    return probes


def run(job: jobs.Job, probes: Sequence[probe.Probe]) -> tuple[running.Ran, ...]:
    """Run them under the agency's lease."""
    from onboarding.probes import running

    with job.store.lease(job.tenant.id):
        return running.run(job.tenant.id, probes, console.progress())


def findings(job: jobs.Job, ran: Sequence[running.Ran]) -> tuple[policy.Finding, ...]:
    """What they found; a waiver counts here as for every control."""
    from onboarding import verify
    from onboarding.probes import running

    return verify.waive(running.findings(ran), job.tenant.manifest.waivers, job.now.today())


def text(ran: Sequence[running.Ran]) -> str:
    """What is to be said beside the findings; "" where nothing is."""
    lines = list(_told(ran))
    return "\n".join(["", "", *lines]) if lines else ""


def _told(ran: Sequence[running.Ran]) -> Iterator[str]:
    for one in ran:
        seconds = (one.ended - one.began).total_seconds()
        if one.of.does:
            count = len(one.outcome.findings)
            yield (
                f"Probe {one.of.name}: {count} findings in {seconds:.1f} s, "
                f"begun {one.began:%Y-%m-%d %H:%M:%S} UTC"
            )
        for name, why in one.outcome.left.items():
            yield f"  May be left, the next run tries again: {name}: {why}"
        yield from (f"  {note}" for note in one.outcome.notes)


def as_json(ran: Sequence[running.Ran]) -> list[dict[str, Any]]:
    """Each probe: what it did, when, and what may be left."""
    return [
        {
            "name": one.of.name,
            "did": [line for line in one.of.does if line],
            "began": one.began.isoformat(),
            "ended": one.ended.isoformat(),
            "left": dict(one.outcome.left),
            "notes": list(one.outcome.notes),
        }
        for one in ran
    ]
