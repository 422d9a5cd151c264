"""``onboard apply``: bring agencies into the state that was reviewed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from onboarding import clock, errors, pause, plan_file, safety
from onboarding.cli import applying, console, fleet, held, options, runs
from onboarding.cli import job as jobs


@click.command(
    epilog=options.examples(
        "onboard apply examples/moph.yaml",
        "onboard apply examples/moph.yaml --yes --environment gdcc-test --output json",
        "onboard apply --plan moph.plan",
        "onboard apply examples/moph.yaml --expect sha256:DIGEST",
    ),
)
@click.argument("places", type=options.MANIFESTS, nargs=-1, metavar="[FILE|FOLDER]…")
@click.option(
    "--plan",
    "planned",
    type=options.MANIFEST,
    metavar="PLAN",
    help="Write exactly what this plan file holds (onboard plan FILE -o PLAN).",
)
@click.option(
    "--expect",
    "expected",
    callback=held.digest,
    metavar="DIGEST",
    help="Write only if the plan has this digest, as onboard plan showed it.",
)
@options.run_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.safety_options
@click.option(
    "--max-tenants",
    "most",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many agencies one run may change without --allow-many-tenants.",
)
@click.option(
    "--no-verify", is_flag=True, help="Do not verify afterwards; the state stays 'not verified'."
)
def apply_command(
    places: tuple[Path, ...],
    planned: Path | None,
    expected: str | None,
    wanted: str | None,
    given: tuple[Path, ...],
    output: str,
    language: str,
    as_of: clock.Clock,
    yes: bool,
    allowed: frozenset[str],
    most: int | None,
    no_verify: bool,
) -> int:
    """Bring the agency of FILE into the state its manifest describes, or each of several.

    Shows the plan and asks, writes exactly that plan, then verifies. A run that was stopped or
    failed is continued by the same command.

    With --plan or --expect the review has taken place, and nobody is asked: everything is read
    again, and where the plan would not be the reviewed one, what moved is said, nothing is
    written, and the exit code is 7. A plan that was applied is not applied again. Several
    agencies are written one after the other; one that fails stops no other (exit code 6).
    """
    wish = applying.Wish(yes or bool(planned or expected), allowed, not no_verify, most or 0)
    if planned is not None:
        if places or given:
            raise errors.UsageError("--plan takes no FILE and no --with: the plan file holds them")
        target = options.target(wanted)
        saved = held.opened(planned, target, expected)

        def resume(part: plan_file.Part) -> jobs.Job:
            return jobs.resumed(part, target, as_of, output, language)

        tasks = [_of_part(part, saved, resume) for part in saved.parts]
    else:
        files = fleet.files(places) if places else None
        if files is None:
            raise errors.UsageError(
                "there is nothing to apply",
                resolution="Name a manifest, or a plan file with --plan.",
            )

        def begin(file: Path) -> jobs.Job:
            return jobs.start(file, wanted, (*given, *files.peers), as_of, output, language)

        tasks = _of_files(files, begin, expected)
    return _all(tasks, wish, output)


@dataclass(frozen=True, slots=True)
class _Task:
    """One agency: how its job is begun, and what of it was reviewed."""

    name: str
    start: Callable[[], jobs.Job]
    reviewed: held.Reviewed | None = None


def _of_part(
    part: plan_file.Part, saved: plan_file.Saved, resume: Callable[[plan_file.Part], jobs.Job]
) -> _Task:
    reviewed = held.Reviewed(part.digest, part, saved.made.created, saved.made.by)
    return _Task(part.tenant_id, lambda: held.resumed(part, resume), reviewed)


def _of_files(
    files: fleet.Files, begin: Callable[[Path], jobs.Job], expected: str | None
) -> list[_Task]:
    def task(file: Path, digest: str | None, whole: str = "") -> _Task:
        reviewed = held.Reviewed(digest, whole=whole) if digest else None
        return _Task(str(file), lambda: begin(file), reviewed)

    if expected is None or not files.several:
        return [task(file, expected) for file in files.all]
    # The digest of several covers the list of theirs, so all are planned before one is written.
    # What an earlier run of this very review came to counts as it was reviewed then: each is
    # held to it in its turn.
    tasks, digests = [], []
    for file in files.all:
        job = begin(file)
        try:
            now = runs.prepare(job).plan.digest
        except pause.Paused as alone:
            tasks.append(_Task(str(file), _left_alone(alone)))
            continue
        digest = plan_file.reviewed_in(job.store.journal(job.tenant.id), expected) or now
        digests.append((job.tenant.id, digest))
        tasks.append(task(file, digest, expected))
    found = plan_file.digest_of(digests)
    if found != expected:
        raise errors.Mismatch(
            "the plans are not those that were reviewed; nothing was written",
            details=[
                f"reviewed sha256:{expected}",
                f"now      sha256:{found}",
                *(f"{agency}: sha256:{digest}" for agency, digest in digests),
            ],
            resolution="Make new plans and review them: onboard plan FILE… -o PLAN",
        )
    return tasks


def _left_alone(paused: pause.Paused) -> Callable[[], jobs.Job]:
    """Its plan was not among the reviewed ones: it stays out even if its pause ends meanwhile."""

    def start() -> jobs.Job:
        raise paused

    return start


def _all(tasks: list[_Task], wish: applying.Wish, output: str) -> int:
    """One agency after the other; what becomes of one changes nothing for the next."""
    _refuse_many(tasks, wish)
    if len(tasks) == 1:
        ended, shown = applying.one(tasks[0].start(), tasks[0].reviewed, wish)
        if shown is not None:
            console.result_json(shown)
        return ended.code
    told = list(_each(tasks, wish))
    every = [ended for ended, _ in told]
    if output == "json":
        listed = [shown for _, shown in told if shown is not None]
        console.result_json({"tenants": listed, "ended": fleet.json(every)})
    else:
        console.result("\n" + fleet.text(every))
    return fleet.code(every)


def _refuse_many(tasks: list[_Task], wish: applying.Wish) -> None:
    """Raise ``errors.Refused``, before anything is written, for a run that changes too many."""
    flag, _ = safety.FLAGS[safety.MANY_TENANTS]
    if flag in wish.allowed or not safety.many([t.name for t in tasks], wish.most):
        return
    changed = [task.name for task in tasks if _would_change(task)]
    safety.refuse(safety.many(changed, wish.most), wish.allowed)


def _would_change(task: _Task) -> bool:
    if task.reviewed is not None and task.reviewed.part is not None:
        return bool(task.reviewed.part.plan.changes)
    try:
        return bool(runs.prepare(task.start()).plan.changes)
    except errors.OnboardError:
        # It is told, as its own error, when its turn comes; nothing of it is written.
        return False


def _each(
    tasks: list[_Task], wish: applying.Wish
) -> Iterator[tuple[fleet.Ended, dict[str, Any] | None]]:
    stopped: errors.Interrupted | None = None
    for task in tasks:
        if stopped is not None:
            yield fleet.Ended(task.name, stopped.exit_code, "not begun", whole=False), None
            continue
        try:
            yield applying.one(task.start(), task.reviewed, wish)
        except errors.Interrupted as interrupted:
            stopped = interrupted
            console.error(interrupted)
            yield fleet.failed(task.name, interrupted), None
        except Exception as caught:  # noqa: BLE001 - what is wrong with one stops no other
            yield fleet.left(task.name, caught), None


apply_command.name = "apply"
