"""One agency of ``onboard apply``: read, held to its review, agreed to, written, verified."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from onboarding import actor, environment, errors, plan, plan_file, safety
from onboarding.cli import console, fleet, held, runs
from onboarding.cli import job as jobs

if TYPE_CHECKING:
    from onboarding import policy, reconcile


@dataclass(frozen=True, slots=True)
class Wish:
    """How the user wants every agency to be done."""

    yes: bool
    allowed: frozenset[str]
    verify: bool
    most: int = 0
    """Agencies that the run may change; 0: as many as the policy says."""


def one(
    job: jobs.Job, reviewed: held.Reviewed | None, wish: Wish
) -> tuple[fleet.Ended, dict[str, Any] | None]:
    """What became of the agency, and the report as JSON where that was asked for."""
    with job.store.lease(job.tenant.id):
        prepared = runs.prepare(job)
        said = held.hold(job, prepared, reviewed) if reviewed else ""
        if said:
            return _nothing_left(job, prepared, said)
        _refuse(prepared, wish.allowed)
        if prepared.plan.changes and not (wish.yes and console.quiet()):
            runs.show_plan(job, prepared, to_result=False)
        if prepared.plan.changes and not wish.yes:
            _ask(job)
            prepared = _unmoved(job, prepared)
            _refuse(prepared, wish.allowed)
        prepared = _approved(job, prepared, reviewed)
        run = _carry_out(job, prepared, reviewed)
        findings: tuple[policy.Finding, ...] | None = None
        if run.failure is None and wish.verify:
            findings = runs.examine(job)
            runs.record_verdict(job, findings)
    return _report_run(job, run, findings)


def _nothing_left(
    job: jobs.Job, prepared: reconcile.Prepared, said: str
) -> tuple[fleet.Ended, dict[str, Any] | None]:
    ended = fleet.Ended(job.tenant.id, errors.ExitCode.DONE, said)
    if job.text:
        console.result(f"{jobs.title(job)}\n\n{said}; nothing is left to do.")
        return ended, None
    digest = f"sha256:{prepared.plan.digest}"
    return ended, {"tenant": job.tenant.id, "digest": digest, "outcomes": [], "said": said}


def _refuse(prepared: reconcile.Prepared, allowed: frozenset[str]) -> None:
    from onboarding import verify

    safety.refuse(prepared.hazards, allowed, prepared.tenant.id)
    refusal = verify.gate(prepared.findings)
    if refusal is not None:
        raise refusal


def _approved(
    job: jobs.Job, prepared: reconcile.Prepared, reviewed: held.Reviewed | None
) -> reconcile.Prepared:
    """With leave to lose data, where a second person has agreed to that."""
    from onboarding import approval

    by = actor.name()
    made_by = (reviewed.by if reviewed else "") or by
    digest = reviewed.digest if reviewed else ""
    case = approval.Case(
        job.environment, job.store, prepared.plan, prepared.hazards, made_by, digest
    )
    if not approval.require(case, by, datetime.now(UTC)):
        return prepared
    return replace(prepared, plan=safety.released(prepared.plan, prepared.hazards))


def _ask(job: jobs.Job) -> None:
    console.refuse_without_asking("Review the plan above")
    console.accept_plan(f"Apply this plan to {job.environment.name}?")


def _unmoved(job: jobs.Job, reviewed: reconcile.Prepared) -> reconcile.Prepared:
    """Read again after the question: what is written must be what was shown."""
    again = runs.prepare(job)
    plan_file.check(runs.part(job, reviewed), again.plan)
    return again


def _carry_out(
    job: jobs.Job, prepared: reconcile.Prepared, reviewed: held.Reviewed | None
) -> reconcile.Run:
    from onboarding import agreed, reconcile
    from onboarding.engines import table

    plan_digest = prepared.plan.digest
    agreed.keep(job.store, job.tenant.manifest, job.text_of_manifest, plan=plan_digest)
    digest = reviewed.digest if reviewed else prepared.plan.digest
    if prepared.plan.digest == digest:
        held.keep(job, runs.part(job, prepared))
    return reconcile.carry_out(
        prepared,
        table.of(job.environment, environment.Role.APPLIER),
        job.store,
        console.progress(),
        warrant=reconcile.Warrant(
            actor.name(), job.source().commit, digest, reviewed.whole if reviewed else ""
        ),
    )


def _report_run(
    job: jobs.Job, run: reconcile.Run, findings: tuple[policy.Finding, ...] | None
) -> tuple[fleet.Ended, dict[str, Any] | None]:
    from onboarding import verify
    from onboarding.report import json as findings_json
    from onboarding.report import run_report, text

    ready = None if findings is None else verify.gate(findings) is None
    pending = verify.pending(findings or ())
    shown: dict[str, Any] | None = None
    if job.text:
        console.result(run_report.text(jobs.title(job), run, ready=ready, pending=pending))
        if findings is not None:
            judged = text.open_findings(findings, language=job.language, marks=console.marks())
            console.result("\n" + judged)
    else:
        shown = run_report.json(run, ready=ready, pending=pending)
        if findings is not None:
            shown["findings"] = [findings_json.finding(f) for f in findings]
    wrote = bool(run.count(plan.Status.APPLIED))
    if run.failure is not None:
        (console.error if job.text else console.error_json)(run.failure)
        code = errors.ExitCode.PARTIAL if wrote else run.failure.exit_code
        told = run.failure.message
    else:
        code = errors.ExitCode.DONE if ready is not False else verify.exit_code(findings or ())
        told = run_report.state(ready)
    return fleet.Ended(job.tenant.id, code, told, run.failure is None, wrote), shown
