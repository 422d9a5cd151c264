"""``onboard plan``, ``apply`` and ``verify``: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onboarding import clock, environment, errors, plan
from onboarding.cli import console, options
from onboarding.cli import job as jobs

if TYPE_CHECKING:
    from onboarding import policy, reconcile


def _prepare(job: jobs.Job) -> reconcile.Prepared:
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
    )


def _show_plan(job: jobs.Job, prepared: reconcile.Prepared, *, to_result: bool) -> None:
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


@click.command(
    epilog=options.examples(
        "onboard plan examples/moph.yaml",
        "onboard plan examples/moph.yaml --verbose --language th",
        "onboard plan examples/moph.yaml --detailed-exitcode --output json",
    ),
)
@click.argument("file", type=options.MANIFEST)
@options.environment_option
@options.with_option
@options.output_option
@options.volume_options
@options.language_option
@options.as_of_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 3 where the plan holds changes.")
def plan_command(
    file: Path,
    wanted: str | None,
    given: tuple[Path, ...],
    output: str,
    language: str,
    as_of: clock.Clock,
    detailed_exitcode: bool,
) -> int:
    """Show what would change for the agency of FILE.

    Reads with the planner's rights only; no Pulumi and no Ansible is started.
    """
    from onboarding import verify
    from onboarding.report import json as findings_json
    from onboarding.report import plan_json, run_report

    job = jobs.start(file, wanted, given, as_of, output, language)
    prepared = _prepare(job)
    if job.text:
        _show_plan(job, prepared, to_result=True)
    else:
        console.result_json(
            {
                **plan_json.of(prepared.plan),
                "open": run_report.waiting(prepared.tenant, prepared.environment),
                "findings": [findings_json.finding(f) for f in prepared.findings],
            }
        )
    if prepared.plan.conflicts:
        plan.refuse_if_unsafe(prepared.plan, allow_delete=True)
    refusal = verify.gate(prepared.findings)
    if refusal is not None:
        console.warning(f"apply would refuse this: {refusal.message}")
        return errors.ExitCode.FINDINGS
    changed = bool(prepared.plan.changes)
    return errors.ExitCode.CHANGES if changed and detailed_exitcode else errors.ExitCode.DONE


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
        prepared = _prepare(job)
        _refuse(prepared, allow_delete=allow_delete)
        if prepared.plan.changes and not (yes and console.quiet()):
            _show_plan(job, prepared, to_result=False)
        if prepared.plan.changes and not yes:
            _ask(job)
            prepared = _unmoved(job, prepared)
        run = _carry_out(job, prepared)
        findings: tuple[policy.Finding, ...] | None = None
        if run.failure is None and not no_verify:
            findings = _examine(job)
            _record_verdict(job, findings)
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
    again = _prepare(job)
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
    from onboarding import reconcile
    from onboarding.engines import table

    job.store.keep_manifest(job.tenant.id, job.text_of_manifest)
    return reconcile.carry_out(
        prepared,
        table.of(job.environment, environment.Role.APPLIER),
        job.store,
        console.progress(),
    )


def _examine(job: jobs.Job) -> tuple[policy.Finding, ...]:
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


def _record_verdict(job: jobs.Job, findings: tuple[policy.Finding, ...]) -> None:
    from onboarding import verify

    job.store.record(
        job.tenant.id,
        "verified",
        ready=verify.gate(findings) is None,
        pending=list(verify.pending(findings)),
        **{verdict.value: n for verdict, n in verify.counts(findings).items()},
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


@click.command(
    epilog=options.examples(
        "onboard verify examples/moph.yaml",
        "onboard verify examples/moph.yaml --verbose --language th",
        "onboard verify examples/moph.yaml --output json > findings.json",
    ),
)
@click.argument("file", type=options.MANIFEST)
@options.environment_option
@options.with_option
@options.output_option
@options.volume_options
@options.language_option
@options.as_of_option
def verify_command(
    file: Path,
    wanted: str | None,
    given: tuple[Path, ...],
    output: str,
    language: str,
    as_of: clock.Clock,
) -> int:
    """Read everything of the agency live, with the auditor's rights, and judge it.

    A control whose object was not seen is unknown, never a pass. Exit code 4 where findings
    stand open, 5 where something could not be determined.
    """
    from onboarding import verify
    from onboarding.report import json as findings_json
    from onboarding.report import text

    job = jobs.start(file, wanted, given, as_of, output, language)
    findings = _examine(job)
    if job.text:
        console.result(
            jobs.title(job)
            + "\n\n"
            + text.findings(
                findings,
                language=language,
                verbose=console.verbose(),
                now=job.now,
                marks=console.marks(),
            )
        )
    else:
        console.result_json(findings_json.findings(findings, job.tenant, job.environment, job.now))
    try:
        _record_verdict(job, findings)
    except errors.EngineFailed as unwritable:
        # The judgement stands without the record: reading must work where writing does not.
        console.warning(f"not recorded for onboard status: {unwritable}")
    return verify.exit_code(findings)


plan_command.name, apply_command.name, verify_command.name = "plan", "apply", "verify"
