"""One step of ``onboard offboard``: planned, refused or shown, agreed to, carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from onboarding import (
    actor,
    approval,
    clock,
    environment,
    errors,
    plan_file,
    reconcile,
    safety,
    vault,
)
from onboarding.cli import console, offboard_text, runs, tombstone_files, written
from onboarding.cli import job as jobs
from onboarding.leaving import bag, exporting, records, steps
from onboarding.leaving import run as leaving
from onboarding.pki import listing, revocation

_LIFE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user wants of the next step."""

    yes: bool
    production: bool
    bundle: Path | None
    allow_empty: bool
    out: Path | None
    reviewed: plan_file.Saved | None


def go_on(job: jobs.Job, case: leaving.Case, asked: Asked) -> int:
    """Show the next step, and carry it out where that is agreed to."""
    stands = case.stands
    if stands.tombstone is not None:
        records.refuse_unless_present(stands, case.of.id)
    if stands.leaving is not None and stands.leaving.cancelling:
        leaving.begin(case)
    step = stands.leaving.next if stands.leaving else steps.Step.FREEZE
    if step is steps.Step.EXPORT:
        return _export(job, case, asked)
    if step is steps.Step.DESTROY:
        _refuse_to_destroy(case, stands.leaving, asked)
    prepared = leaving.prepare(case, step)
    if stands.leaving is None:
        _refuse_absent(case, prepared)
    _refuse_conflicts(case, prepared)
    offboard_text.show_plan(job, step, prepared, leaving_now=stands.leaving)
    if asked.out is not None:
        return _write_plan(job, prepared, asked.out)
    if not _agreed(job, asked, offboard_text.question(step)):
        return errors.ExitCode.DONE
    prepared = _unmoved(case, prepared, lambda: leaving.prepare(case, step), asked)
    if step is steps.Step.DESTROY:
        return _destroy(job, case, prepared, asked)
    carry = leaving.freeze if step is steps.Step.FREEZE else leaving.revoke
    run = carry(case, prepared)
    return offboard_text.report(job, case, run)


def cancel(job: jobs.Job, case: leaving.Case, asked: Asked) -> int:
    """Show what would be given back, and do it where that is agreed to."""
    leaving.refuse_to_cancel(case)
    prepared = leaving.prepare_return(case)
    _refuse_conflicts(case, prepared)
    offboard_text.show_return(job, prepared, case.stands.leaving)
    if asked.out is not None:
        return _write_plan(job, prepared, asked.out)
    if not _agreed(job, asked, "Let the agency stay, and give this back?"):
        return errors.ExitCode.DONE
    prepared = _unmoved(case, prepared, lambda: leaving.prepare_return(case), asked)
    run = leaving.cancel(case, prepared)
    return offboard_text.report(job, case, run)


def _export(job: jobs.Job, case: leaving.Case, asked: Asked) -> int:
    if asked.out or asked.reviewed:
        raise errors.UsageError(
            "the next step is the export: it changes no live system and needs no plan file"
        )
    leaving_now = leaving.begin(case)
    place = asked.bundle or Path(exporting.name(case, leaving_now))
    held = exporting.look(case, allow_empty=asked.allow_empty)
    offboard_text.show_export(job, place, held)
    if not _agreed(job, asked, "Export?"):
        return errors.ExitCode.DONE
    made = exporting.carry_out(case, place, allow_empty=asked.allow_empty)
    return offboard_text.report_export(job, case, made)


def _refuse_to_destroy(case: leaving.Case, of: steps.Leaving | None, asked: Asked) -> None:
    assert of is not None  # noqa: S101 - nothing is destroyed that was not exported
    exported = of.of(steps.Step.EXPORT)
    damage: tuple[str, ...] = ()
    if exported is not None:
        place = _bag(of, asked)
        damage = bag.problems(place, str(exported.facts["digest"]))
        if not damage:
            # What proves each step is put beside it at the end.
            written.refuse_unwritable(place)
        if of.destruction is None:
            damage += exporting.moved(case, exported)
    with vault.connect(case.target, environment.Role.AUDITOR) as door:
        left = revocation.standing(listing.leaves(door, case.of))
    now = steps.Situation(
        today=case.now.today(),
        real_today=clock.Clock().today(),
        production=case.target.production,
        production_allowed=asked.production,
        peers=records.peers(case.store, case.of.id),
        damage=damage,
        certificates=tuple(f"certificate {c.serial} of {c.facts['commonName']}" for c in left),
    )
    why = steps.against_destroying(of, case.store.journal(case.of.id), now)
    if why:
        raise errors.Refused(
            f"{case.of.id}: nothing is destroyed",
            details=why,
            resolution="See: onboard offboard FILE --status",
        )


def _refuse_absent(case: leaving.Case, prepared: reconcile.Prepared) -> None:
    """Freezing what is not there would begin with making it."""
    if not any(leaving.counts(prepared).values()):
        raise errors.Refused(
            f"{case.of.id} is not here: environment {case.target.name!r} holds nothing of it",
            resolution="Check FILE and --environment.",
        )


def _refuse_conflicts(case: leaving.Case, prepared: reconcile.Prepared) -> None:
    # What the step itself takes away is meant; what stands in our place is somebody else's.
    safety.refuse(safety.never(prepared.hazards), frozenset(), case.of.id)


def _destroy(job: jobs.Job, case: leaving.Case, prepared: reconcile.Prepared, asked: Asked) -> int:
    of = case.stands.leaving
    refs = [str(c.ref) for c in prepared.plan.changes]
    given: list[dict[str, object]] = []
    if of is None or not steps.may_go_on(of, case.store.journal(case.of.id), refs):
        by = case.warrant.by
        question = approval.Case(
            case.target,
            case.store,
            prepared.plan,
            prepared.hazards,
            asked.reviewed.made.by if asked.reviewed else by,
        )
        approvals = approval.require(question, by, datetime.now(UTC))
        given = [a.document() for a in approvals]
    place = _bag(of, asked)
    files: list[Path] = []

    def hand_over(proof: Mapping[str, Any]) -> None:
        files.extend(tombstone_files.write(place, proof))

    run, buried = leaving.destroy(case, prepared, given, leaving.counts(prepared), hand_over)
    code = offboard_text.report(job, case, run, tombstone=buried)
    if files:
        console.hint("\n".join(f"{path}: written" for path in files))
    return code


def _bag(of: steps.Leaving | None, asked: Asked) -> Path:
    """Where the export is: where it was made, or where it was said to be now."""
    exported = of.of(steps.Step.EXPORT) if of else None
    return asked.bundle or Path(exported.facts["bundle"] if exported else ".")


def _write_plan(job: jobs.Job, prepared: reconcile.Prepared, out: Path) -> int:
    now = datetime.now(UTC).replace(microsecond=0)
    target = job.environment
    made = plan_file.Made(
        target.name, target.production, actor.name(), now, now + _LIFE, job.now.today()
    )
    plan_file.write(out, plan_file.seal(made, [runs.part(job, prepared)]))
    console.hint(
        f"{out}: written, holds until {made.expires:%Y-%m-%d %H:%M} UTC.\n"
        f"  onboard show {out}\n"
        f"  onboard approve {out}\n"
        f"  onboard offboard {job.file} --plan {out} --yes"
    )
    return errors.ExitCode.DONE


def _agreed(job: jobs.Job, asked: Asked, question: str) -> bool:
    """Whether to write. Without a person to ask and without --yes, showing was all."""
    if asked.yes:
        return True
    if not console.asks():
        if job.text:
            console.hint("Nothing was changed. To carry it out, add --yes.")
        return False
    console.accept_plan(f"{question} ({job.environment.name})")
    return True


def _unmoved(
    case: leaving.Case,
    shown: reconcile.Prepared,
    read_again: Callable[[], reconcile.Prepared],
    asked: Asked,
) -> reconcile.Prepared:
    """What is written must be what was reviewed: in the plan file, or at the question."""
    if asked.reviewed is not None:
        saved = asked.reviewed
        plan_file.check_file(saved, case.target, datetime.now(UTC))
        part = next((p for p in saved.parts if p.tenant_id == case.of.id), None)
        if part is None or part.plan.purpose is not shown.plan.purpose:
            raise errors.Mismatch(
                f"the plan file is not of this step of {case.of.id}",
                resolution="Make a new one: onboard offboard FILE -o PLAN",
            )
        if shown.plan.changes:
            plan_file.check(part, shown.plan, begun=_begun(case, part.digest))
        return shown
    if asked.yes:
        return shown
    again = read_again()
    if again.plan.digest != shown.plan.digest:
        raise errors.Mismatch(
            f"{case.of.id}: the live systems changed while the plan was reviewed",
            details=[
                f"reviewed sha256:{shown.plan.digest}",
                f"now      sha256:{again.plan.digest}",
            ],
            resolution="Run the command again and review the new plan.",
        )
    return again


def _begun(case: leaving.Case, digest: str) -> bool:
    """Whether a run of exactly this plan was begun, and what it is for is not proven yet."""
    runs_of = [e for e in case.store.journal(case.of.id) if e.event == "apply-begun"]
    return bool(runs_of) and runs_of[-1].details.get("digest") == digest
