"""``onboard apply``: bring agencies into the state that was reviewed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onboarding import actor, clock, environment, errors, pause, plan, plan_file, safety
from onboarding.cli import console, fleet, held, options, runs
from onboarding.cli import job as jobs

if TYPE_CHECKING:
    from onboarding import policy, reconcile


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
    help="Write exactly what this plan file holds (onboard plan FILE --out PLAN).",
)
@click.option(
    "--expect",
    "expected",
    callback=held.digest,
    metavar="DIGEST",
    help="Write only if the plan has this digest, as onboard plan showed it.",
)
@options.environment_option
@options.with_option
@options.output_option
@options.volume_options
@options.language_option
@options.as_of_option
@options.timeout_option
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
    wish = _Wish(yes or bool(planned or expected), allowed, not no_verify, most or 0)
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
class _Wish:
    """How the user wants every agency to be done."""

    yes: bool
    allowed: frozenset[str]
    verify: bool
    most: int = 0
    """Agencies that the run may change; 0: as many as the policy says."""


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
    def task(file: Path, digest: str | None) -> _Task:
        return _Task(str(file), lambda: begin(file), held.Reviewed(digest) if digest else None)

    if expected is None or not files.several:
        return [task(file, expected) for file in files.all]
    # The digest of several covers the list of theirs, so all are planned before one is written.
    digests = []
    for file in files.all:
        job = begin(file)
        digests.append((job.tenant.id, runs.prepare(job).plan.digest))
    found = plan_file.digest_of(digests)
    if found != expected:
        raise errors.Mismatch(
            "the plans are not those that were reviewed; nothing was written",
            details=[
                f"reviewed sha256:{expected}",
                f"now      sha256:{found}",
                *(f"{agency}: sha256:{digest}" for agency, digest in digests),
            ],
            resolution="Make new plans and review them: onboard plan FILE… --out PLAN",
        )
    return [task(f, digest) for f, (_, digest) in zip(files.all, digests, strict=True)]


def _all(tasks: list[_Task], wish: _Wish, output: str) -> int:
    """One agency after the other; what becomes of one changes nothing for the next."""
    _refuse_many(tasks, wish)
    if len(tasks) == 1:
        ended, shown = _one(tasks[0], wish)
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


def _refuse_many(tasks: list[_Task], wish: _Wish) -> None:
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


def _each(tasks: list[_Task], wish: _Wish) -> Iterator[tuple[fleet.Ended, dict[str, Any] | None]]:
    stopped: errors.Interrupted | None = None
    for task in tasks:
        if stopped is not None:
            yield fleet.Ended(task.name, stopped.exit_code, "not begun", whole=False), None
            continue
        try:
            yield _one(task, wish)
        except errors.Interrupted as interrupted:
            stopped = interrupted
            console.error(interrupted)
            yield fleet.failed(task.name, interrupted), None
        except pause.Paused as left_alone:
            yield fleet.paused(left_alone), None
        except errors.OnboardError as broken:
            console.error(broken)
            yield fleet.failed(task.name, broken), None


def _one(task: _Task, wish: _Wish) -> tuple[fleet.Ended, dict[str, Any] | None]:
    job = task.start()
    with job.store.lease(job.tenant.id):
        prepared = runs.prepare(job)
        said = held.hold(job, prepared, task.reviewed) if task.reviewed else ""
        if said:
            return _nothing_left(job, prepared, said)
        _refuse(prepared, wish.allowed)
        if prepared.plan.changes and not (wish.yes and console.quiet()):
            runs.show_plan(job, prepared, to_result=False)
        if prepared.plan.changes and not wish.yes:
            _ask(job)
            prepared = _unmoved(job, prepared)
            _refuse(prepared, wish.allowed)
        prepared = _approved(job, prepared, task.reviewed)
        run = _carry_out(job, prepared, task.reviewed)
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
        warrant=reconcile.Warrant(actor.name(), job.source().commit, digest),
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


apply_command.name = "apply"
