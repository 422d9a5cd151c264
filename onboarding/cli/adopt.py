"""``onboard adopt``: take over what stands in an agency's place, after showing the change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onboarding import actor, clock, counted, environment, errors
from onboarding.cli import console, options
from onboarding.cli import job as jobs

if TYPE_CHECKING:
    from onboarding import adoption


@click.command(
    epilog=options.examples(
        "onboard adopt examples/moph.yaml",
        "onboard adopt examples/moph.yaml --object 'Namespace ga-moph-prod'",
        "onboard adopt examples/moph.yaml --all-in-place --yes",
    ),
)
@click.argument("file", type=options.MANIFEST)
@click.option(
    "--object",
    "names",
    multiple=True,
    metavar="OBJECT",
    help="An object to adopt, written as it is shown. May be given several times.",
)
@click.option("--all-in-place", "every", is_flag=True, help="Everything that carries no mark.")
@options.environment_option
@options.with_option
@options.output_option
@options.volume_options
@options.as_of_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def adopt(
    file: Path,
    names: tuple[str, ...],
    every: bool,
    wanted: str | None,
    given: tuple[Path, ...],
    output: str,
    as_of: clock.Clock,
    yes: bool,
) -> int:
    """Take over objects that stand where the agency's should, and that nobody of ours made.

    Shows for each what apply would change of it afterwards, and what would be lost. Then it marks
    those named as the agency's, and changes nothing else: the rest is a plan like any other. An
    object of another agency is never taken over. Without --object or --all-in-place it only shows.
    """
    from onboarding import adoption
    from onboarding.report import adoption as report

    job = jobs.start(file, wanted, given, as_of, output, "en")
    offer = _offer(job)
    picked = adoption.chosen(offer, names, every=every)
    if job.text:
        to_result = not picked
        shown = report.text(jobs.title(job), offer, picked, verbose=console.verbose())
        (console.result if to_result else console.hint)(shown)
    if not picked:
        if not job.text:
            console.result_json(report.as_json(job.tenant.id, offer, adopted=()))
        return errors.ExitCode.FINDINGS if offer.candidates or offer.never else errors.ExitCode.DONE
    if not yes:
        _ask(len(picked), job)
    _carry_out(job, offer, picked)
    if job.text:
        console.result(report.done(picked, file.as_posix()))
    else:
        console.result_json(report.as_json(job.tenant.id, offer, adopted=picked))
    return errors.ExitCode.DONE


def _offer(job: jobs.Job) -> adoption.Offer:
    from onboarding import adoption, desired, reconcile
    from onboarding.engines import table

    engines = table.of(job.environment, environment.Role.PLANNER)
    reconcile.check_identity(engines, job.environment)
    seen = reconcile.observe(engines, [job.tenant], console.progress())
    live = (i for o in seen.values() for i in o.of(job.tenant.id))
    return adoption.offer(job.tenant.id, desired.everything(job.tenant, job.environment), live)


def _ask(count: int, job: jobs.Job) -> None:
    console.refuse_without_asking("Review what is shown above")
    if not console.confirm(f"Mark {count} object(s) as {job.tenant.id}'s?"):
        raise errors.OnboardError("nothing was changed: the adoption was not accepted")


def _carry_out(
    job: jobs.Job, reviewed: adoption.Offer, picked: tuple[adoption.Candidate, ...]
) -> None:
    """Mark one after the other under the agency's lease; what was marked stays recorded."""
    from onboarding import desired
    from onboarding.engines import marking

    wanted = {i.ref: i for i in desired.everything(job.tenant, job.environment)}
    of, store = job.tenant.id, job.store
    refs = [str(c.ref) for c in picked]
    with store.lease(of):
        if {c.ref: c.changes for c in _offer(job).candidates} != {
            c.ref: c.changes for c in reviewed.candidates
        }:
            raise errors.Mismatch(
                f"{of}: the live systems changed while the adoption was reviewed",
                resolution="Run the command again and review it anew.",
            )
        store.record(of, "adopt-begun", objects=refs, by=actor.name())
        done: list[str] = []
        try:
            with console.progress().step(f"Mark {counted.of(len(picked), 'object')}"):
                for candidate in picked:
                    store.check_lease(of)
                    marking.mark(job.environment, of, wanted[candidate.ref])
                    done.append(str(candidate.ref))
        except errors.OnboardError as broken:
            store.record(of, "adopt-failed", objects=done)
            broken.details = (*broken.details, f"{len(done)} of {len(refs)} objects were marked")
            raise
        store.record(of, "adopt-ended", objects=done)
