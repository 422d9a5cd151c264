"""``onboard offboard``: an agency leaves, step by step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onboarding import actor, clock, errors, lineage, pause, plan_file, tenant
from onboarding.cli import console, keeping, offboard_text, options
from onboarding.cli import job as jobs
from onboarding.leaving import records

if TYPE_CHECKING:
    from onboarding.leaving import run as leaving


@click.command(
    epilog=options.examples(
        "onboard offboard examples/m-culture.yaml",
        "onboard offboard examples/m-culture.yaml --yes",
        "onboard offboard examples/m-culture.yaml --status",
        "onboard offboard examples/m-culture.yaml --cancel",
        "onboard offboard examples/m-culture.yaml -o destroy.plan",
        "onboard offboard examples/m-culture.yaml --plan destroy.plan --yes",
    ),
)
@click.argument("file", type=options.MANIFEST)
@options.environment_option
@options.with_option
@keeping.plan_options
@options.volume_options
@options.language_option
@options.as_of_option
@options.timeout_option
@click.option("--yes", is_flag=True, help="Carry out the next step; do not ask.")
@click.option("--status", is_flag=True, help="Only say where the leaving stands.")
@click.option("--cancel", is_flag=True, help="The agency stays: give back what was taken.")
@click.option("--rejoin", is_flag=True, help="Let an agency that has left be applied again.")
@click.option("--production", is_flag=True, help="Destroy in an environment for production.")
@click.option(
    "--bundle",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where the export is to be, or is now. Default: a new folder here.",
)
@click.option(
    "--allow-empty",
    is_flag=True,
    help="Export systems that have no letter any more, and had some when they were counted last.",
)
@click.option(
    "--plan",
    "reviewed",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="PLAN",
    help="Carry out exactly this plan of the next step.",
)
def offboard_command(
    file: Path,
    wanted: str | None,
    given: tuple[Path, ...],
    output: str,
    language: str,
    as_of: clock.Clock,
    yes: bool,
    status: bool,
    cancel: bool,
    rejoin: bool,
    production: bool,
    bundle: Path | None,
    allow_empty: bool,
    out: Path | None,
    reviewed: Path | None,
) -> int:
    """Let the agency of FILE leave: freeze, revoke, export, retain, destroy.

    Each call shows the plan of the next step, and carries it out where you agree; with -o PLAN it
    keeps the plan in a file and carries nothing out. Nothing is lost before the last step: --cancel
    gives everything back but revoked certificates. The last one needs a second person (onboard
    approve), an export that is whole, and a date that the law and the manifest set.
    """
    from onboarding.cli import offboard_steps

    if sum((status, cancel, rejoin)) > 1:
        raise errors.UsageError("--status, --cancel and --rejoin are three different things")
    job = jobs.start(file, wanted, given, as_of, output, language)
    if status:
        return offboard_text.show_status(job)
    _refuse_another_day(job, as_of)
    pause.refuse(job.store, job.tenant.id, job.now.today())
    if not (cancel or rejoin):
        lineage.refuse_too_early(job.store, job.tenant.id, as_of.today())
    with job.store.lease(job.tenant.id):
        if rejoin:
            number = records.reopen(job.store, job.tenant.id)
            console.result(f"{job.tenant.id} may be applied again, as its number {number} here")
            return errors.ExitCode.DONE
        asked = offboard_steps.Asked(
            yes=yes,
            production=production,
            bundle=bundle,
            allow_empty=allow_empty,
            out=out,
            reviewed=plan_file.read(reviewed) if reviewed else None,
        )
        case = _case(job)
        return (
            offboard_steps.cancel(job, case, asked)
            if cancel
            else (offboard_steps.go_on(job, case, asked))
        )


def _refuse_another_day(job: jobs.Job, as_of: clock.Clock) -> None:
    """In production neither the day of freezing nor that of destroying is anybody's to choose."""
    if job.environment.production and as_of.as_of not in (None, clock.Clock().today()):
        raise errors.Refused(
            "--as-of cannot be used to let an agency leave production on another day",
            resolution="Leave it away.",
        )


def _case(job: jobs.Job) -> leaving.Case:
    from onboarding import reconcile
    from onboarding.leaving import run as leaving

    return leaving.Case(
        of=replace(job.tenant, phase=tenant.Phase.PRESENT),
        target=job.environment,
        store=job.store,
        now=job.now,
        report=console.progress(),
        manifest=job.text_of_manifest,
        basis=job.basis,
        warrant=reconcile.Warrant(actor.name(), job.source().commit),
    )


offboard_command.name = "offboard"
