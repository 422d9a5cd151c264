"""``onboard plan``: what would change, and the plan file of it."""

from __future__ import annotations

from pathlib import Path

import click

from onboarding import clock, errors, plan
from onboarding.cli import console, options, runs
from onboarding.cli import job as jobs


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
    prepared = runs.prepare(job)
    if job.text:
        runs.show_plan(job, prepared, to_result=True)
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


plan_command.name = "plan"
