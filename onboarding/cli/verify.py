"""``onboard verify``: the live systems, control by control."""

from __future__ import annotations

from pathlib import Path

import click

from onboarding import clock, errors
from onboarding.cli import console, options, runs
from onboarding.cli import job as jobs


@click.command(
    epilog=options.examples(
        "onboard verify examples/moph.yaml",
        "onboard verify examples/moph.yaml --verbose --language th",
        "onboard verify examples/moph.yaml --output json > findings.json",
    ),
)
@click.argument("file", type=options.MANIFEST)
@options.run_options
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
    findings = runs.examine(job)
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
        runs.record_verdict(job, findings)
    except errors.EngineFailed as unwritable:
        # The judgement stands without the record: reading must work where writing does not.
        console.warning(f"not recorded for onboard status: {unwritable}")
    return verify.exit_code(findings)


verify_command.name = "verify"
