"""``onboard verify``: the live systems, control by control."""

from __future__ import annotations

from pathlib import Path

import click

from onboarding import clock, errors
from onboarding.cli import console, options, probing, runs
from onboarding.cli import job as jobs


@click.command(
    epilog=options.examples(
        "onboard verify examples/moph.yaml",
        "onboard verify examples/moph.yaml --verbose --language th",
        "onboard verify examples/moph.yaml --output json > findings.json",
        "onboard verify examples/moph.yaml --probe",
    ),
)
@click.argument("file", type=options.MANIFEST)
@options.run_options
@click.option(
    "--probe",
    is_flag=True,
    help="Prove by use, too: letters at the exchange, addresses and sign-in as they are served, "
    "the network from inside. Shows what it would do, and asks.",
)
@click.option("--yes", is_flag=True, help="With --probe: do it; do not ask.")
@click.option(
    "--secret-file",
    type=options.MANIFEST,
    help="With --probe: a file (0600) with the secret of the account at the exchange.",
)
def verify_command(
    file: Path,
    wanted: str | None,
    given: tuple[Path, ...],
    output: str,
    language: str,
    as_of: clock.Clock,
    probe: bool,
    yes: bool,
    secret_file: Path | None,
) -> int:
    """Read everything of the agency live, with the auditor's rights, and judge it.

    A control whose object was not seen is unknown, never a pass. With --probe what can be proven
    by use is, and nothing of that stays. Exit code 4 where findings stand open, 5 where something
    that keeps the agency from being ready could not be determined, 6 where only a probe left
    something.
    """
    from onboarding import verify
    from onboarding.report import json as findings_json
    from onboarding.report import text

    if not probe and (yes or secret_file):
        raise click.UsageError("--yes and --secret-file go with --probe")
    job = jobs.start(file, wanted, given, as_of, output, language)
    wished = probing.agreed(job, secret_file, yes=yes) if probe else ()
    findings = runs.examine(job)
    ran = probing.run(job, wished) if probe else ()
    findings = (*findings, *probing.findings(job, ran))
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
            + probing.text(job, ran)
        )
    else:
        told = findings_json.findings(findings, job.tenant, job.environment, job.now)
        console.result_json({**told, **({"probes": probing.as_json(ran)} if probe else {})})
    try:
        runs.record_verdict(job, findings)
    except errors.EngineFailed as unwritable:
        # The judgement stands without the record: reading must work where writing does not.
        console.warning(f"not recorded for onboard status: {unwritable}")
    code = verify.exit_code(findings)
    left = any(one.outcome.left for one in ran)
    return errors.ExitCode.PARTIAL if left and code is errors.ExitCode.DONE else code


verify_command.name = "verify"
