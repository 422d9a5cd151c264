"""``onboard apply``: bring agencies into the state that was reviewed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onboarding import actor, clock, environment, errors, plan
from onboarding.cli import console, options, runs
from onboarding.cli import job as jobs

if TYPE_CHECKING:
    from onboarding import policy, reconcile


@click.command(
    epilog=options.examples(
        "onboard apply examples/moph.yaml",
        "onboard apply examples/moph.yaml --yes --environment gdcc-test --output json",
    ),
)
@click.argument("file", type=options.MANIFEST)
@options.environment_option
@options.with_option
@options.output_option
@options.volume_options
@options.language_option
@options.as_of_option
@options.timeout_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--allow-delete", is_flag=True, help="Allow the plan to delete objects of this agency."
)
@click.option(
    "--no-verify", is_flag=True, help="Do not verify afterwards; the state stays 'not verified'."
)
def apply_command(
    file: Path,
    wanted: str | None,
    given: tuple[Path, ...],
    output: str,
    language: str,
    as_of: clock.Clock,
    yes: bool,
    allow_delete: bool,
    no_verify: bool,
) -> int:
    """Bring the agency of FILE into the state its manifest describes.

    Shows the plan and asks, writes exactly that plan, then verifies. A run that was stopped or
    failed is continued by the same command.
    """
    job = jobs.start(file, wanted, given, as_of, output, language)
    with job.store.lease(job.tenant.id):
        prepared = runs.prepare(job)
        _refuse(prepared, allow_delete=allow_delete)
        if prepared.plan.changes and not (yes and console.quiet()):
            runs.show_plan(job, prepared, to_result=False)
        if prepared.plan.changes and not yes:
            _ask(job)
            prepared = _unmoved(job, prepared)
        run = _carry_out(job, prepared)
        findings: tuple[policy.Finding, ...] | None = None
        if run.failure is None and not no_verify:
            findings = runs.examine(job)
            runs.record_verdict(job, findings)
    return _report_run(job, run, findings)


def _refuse(prepared: reconcile.Prepared, *, allow_delete: bool) -> None:
    from onboarding import verify

    plan.refuse_if_unsafe(prepared.plan, allow_delete=allow_delete)
    refusal = verify.gate(prepared.findings)
    if refusal is not None:
        raise refusal


def _ask(job: jobs.Job) -> None:
    if not console.asks():
        raise errors.UsageError(
            "nothing was changed: there is nobody to ask (stdin is not a terminal)",
            resolution="Review the plan above, then run the command again with --yes.",
        )
    try:
        agreed = console.confirm(f"Apply this plan to {job.environment.name}?")
    except click.Abort:
        raise errors.Interrupted("nothing was changed: interrupted at the question") from None
    if not agreed:
        raise errors.OnboardError("nothing was changed: the plan was not accepted")


def _unmoved(job: jobs.Job, reviewed: reconcile.Prepared) -> reconcile.Prepared:
    """Read again after the question: what is written must be what was shown."""
    again = runs.prepare(job)
    if again.plan.digest != reviewed.plan.digest:
        raise errors.Mismatch(
            f"{job.tenant.id}: the live systems changed while the plan was reviewed",
            details=[
                f"reviewed sha256:{reviewed.plan.digest}",
                f"now      sha256:{again.plan.digest}",
            ],
            resolution="Run the command again and review the new plan.",
        )
    return again


def _carry_out(job: jobs.Job, prepared: reconcile.Prepared) -> reconcile.Run:
    from onboarding import agreed, reconcile
    from onboarding.engines import table

    plan_digest = prepared.plan.digest
    agreed.keep(job.store, job.tenant.manifest, job.text_of_manifest, plan=plan_digest)
    return reconcile.carry_out(
        prepared,
        table.of(job.environment, environment.Role.APPLIER),
        job.store,
        console.progress(),
        warrant=reconcile.Warrant(actor.name(), job.source().commit),
    )


def _report_run(
    job: jobs.Job, run: reconcile.Run, findings: tuple[policy.Finding, ...] | None
) -> int:
    from onboarding import verify
    from onboarding.report import json as findings_json
    from onboarding.report import run_report, text

    ready = None if findings is None else verify.gate(findings) is None
    pending = verify.pending(findings or ())
    if job.text:
        console.result(run_report.text(jobs.title(job), run, ready=ready, pending=pending))
        if findings is not None:
            judged = text.open_findings(findings, language=job.language, marks=console.marks())
            console.result("\n" + judged)
    else:
        shown: dict[str, Any] = run_report.json(run, ready=ready, pending=pending)
        if findings is not None:
            shown["findings"] = [findings_json.finding(f) for f in findings]
        console.result_json(shown)
    if run.failure is not None:
        (console.error if job.text else console.error_json)(run.failure)
        done = run.count(plan.Status.APPLIED)
        return errors.ExitCode.PARTIAL if done else run.failure.exit_code
    return errors.ExitCode.DONE if ready in (True, None) else verify.exit_code(findings or ())


apply_command.name = "apply"
