"""Steps that ``plan``, ``apply`` and ``verify`` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onboarding import environment
from onboarding.cli import console
from onboarding.cli import job as jobs

if TYPE_CHECKING:
    from onboarding import policy, reconcile


def prepare(job: jobs.Job) -> reconcile.Prepared:
    from onboarding import reconcile
    from onboarding.engines import table

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
    from onboarding.report import plan_text, run_report, text

    marks = console.marks() if to_result else {}
    judged = text.open_findings(prepared.findings, language=job.language, marks=marks)
    waiting = run_report.waiting(prepared.tenant, prepared.environment)
    made = plan_text.of(prepared.plan, verbose=console.verbose())
    shown = "\n".join([jobs.title(job), "", made, *waiting, "", judged])
    if to_result:
        console.result(shown)
    else:
        console.hint(shown + "\n")


def examine(job: jobs.Job) -> tuple[policy.Finding, ...]:
    from onboarding import reconcile
    from onboarding.engines import table

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
