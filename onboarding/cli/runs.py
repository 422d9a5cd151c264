"""Steps that ``plan``, ``apply`` and ``verify`` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onboarding import environment, plan_file
from onboarding.cli import console
from onboarding.cli import job as jobs
from onboarding.leaving import records

if TYPE_CHECKING:
    from onboarding import policy, reconcile


def prepare(job: jobs.Job) -> reconcile.Prepared:
    """Read and compare, for writing later; raises ``pause.Paused`` for an agency left alone."""
    from onboarding import pause, reconcile
    from onboarding.engines import table

    records.refuse_unless_present(job.standing, job.tenant.id)
    pause.refuse(job.store, job.tenant.id, job.now.today())
    return reconcile.prepare(
        job.tenant,
        job.environment,
        table.of(job.environment, environment.Role.PLANNER),
        job.store,
        job.now,
        console.progress(),
        others=job.others,
        basis=job.basis,
    )


def show_plan(job: jobs.Job, prepared: reconcile.Prepared, *, to_result: bool) -> None:
    from onboarding import agreed
    from onboarding.report import amendment, hazards, plan_text, run_report, text

    marks = console.marks() if to_result else {}
    judged = text.open_findings(prepared.findings, language=job.language, marks=marks)
    waiting = run_report.waiting(prepared.tenant, prepared.environment)
    made = plan_text.of(prepared.plan, verbose=console.verbose())
    changed = amendment.short(agreed.since(job.store, job.tenant.manifest))
    grave = hazards.text(prepared.hazards, verbose=console.verbose())
    shown = "\n".join([jobs.title(job), "", *changed, *grave, made, *waiting, "", judged])
    if to_result:
        console.result(shown)
    else:
        console.hint(shown + "\n")


def part(job: jobs.Job, prepared: reconcile.Prepared) -> plan_file.Part:
    """The plan with all that it was made from, as a plan file keeps it."""
    from onboarding import policy

    agency = job.tenant.manifest.agency
    still_open = (policy.Verdict.FAIL, policy.Verdict.UNKNOWN)
    return plan_file.Part(
        prepared.plan,
        agency.name_en,
        agency.name_th,
        job.source(),
        tuple(sorted(job.peers.items())),
        tuple(plan_file.Judged.of(f) for f in prepared.findings if f.result.verdict in still_open),
        prepared.hazards,
    )


def examine(job: jobs.Job) -> tuple[policy.Finding, ...]:
    """The findings of all stages; raises ``errors.Refused`` for an agency that leaves or left."""
    from onboarding import reconcile
    from onboarding.engines import table

    records.refuse_unless_present(job.standing, job.tenant.id)
    return reconcile.examine(
        job.tenant,
        job.environment,
        table.of(job.environment, environment.Role.AUDITOR),
        job.now,
        console.progress(),
        others=job.others,
    )


def record_verdict(job: jobs.Job, findings: tuple[policy.Finding, ...]) -> None:
    from onboarding import verify

    job.store.record(
        job.tenant.id,
        "verified",
        ready=verify.gate(findings) is None,
        pending=list(verify.pending(findings)),
        **{verdict.value: n for verdict, n in verify.counts(findings).items()},
    )
