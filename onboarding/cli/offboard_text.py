"""What ``onboard offboard`` shows: the next step, where the leaving stands, how a step ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from onboarding import counted, errors, plan, reconcile
from onboarding.cli import console
from onboarding.cli import job as jobs
from onboarding.leaving import records, retention, steps
from onboarding.report import plan_json, plan_text, tombstone

if TYPE_CHECKING:
    from onboarding.leaving import bag, run, sources

_DOES = {
    steps.Step.FREEZE: "nobody signs in, nothing is written or signed; everything is kept",
    steps.Step.REVOKE: "certificates are revoked for good, and the list is published",
    steps.Step.EXPORT: "the agency's records are written to a bag that opens without us",
    steps.Step.DESTROY: "everything is removed but the chain and the last revocation list",
}
_QUESTIONS = {
    steps.Step.FREEZE: "Freeze the agency?",
    steps.Step.REVOKE: "Revoke these certificates for good?",
    steps.Step.DESTROY: "Destroy all of this? It cannot be taken back.",
}


def question(step: steps.Step) -> str:
    return _QUESTIONS[step]


def show_plan(
    job: jobs.Job,
    step: steps.Step,
    prepared: reconcile.Prepared,
    *,
    leaving_now: steps.Leaving | None,
) -> None:
    """The next step and every change of it."""
    made = prepared.plan
    if not job.text:
        console.result_json({"step": step.value, **plan_json.of(made)})
        return
    number = [*steps.Step].index(step) + 1
    lines = [
        jobs.title(job),
        "",
        f"Step {number} of {len(steps.Step)}, {step.value}: {_DOES[step]}",
    ]
    if step is steps.Step.FREEZE:
        lines += ["", *_kept_until(job, leaving_now)]
        peers = records.peers(job.store, job.tenant.id)
        lines += [f"{p} has a link with this agency; it ends with this step" for p in peers]
    lines += ["", plan_text.of(made, verbose=console.verbose())]
    if not made.changes:
        lines[-1] = "Nothing is left to change; the step is proven and recorded."
    console.result("\n".join(lines))


def show_return(
    job: jobs.Job, prepared: reconcile.Prepared, leaving_now: steps.Leaving | None
) -> None:
    """What an agency that stays gets back, and what not."""
    if not job.text:
        console.result_json({"step": "cancel", **plan_json.of(prepared.plan)})
        return
    lines = [jobs.title(job), "", "Cancel: the agency stays and gets back what its manifest says"]
    revoked = leaving_now.of(steps.Step.REVOKE) if leaving_now else None
    if revoked is not None and revoked.facts["revoked"]:
        lines.append(
            "Revoked certificates stay revoked. Officials and devices need new ones: onboard certs"
        )
    console.result("\n".join([*lines, "", plan_text.of(prepared.plan, verbose=console.verbose())]))


def show_export(job: jobs.Job, place: object, held: Sequence[sources.Contents]) -> None:
    """What is in the stores, and where the bag is to be."""
    if not job.text:
        listed = [_contents(one) for one in held]
        console.result_json({"step": "export", "bundle": str(place), "letters": listed})
        return
    lines = [
        jobs.title(job),
        "",
        f"Step 3 of 4, export: {_DOES[steps.Step.EXPORT]}",
        "",
        *(
            f"  {one.namespace}: {counted.of(one.letters, 'letter')}; {one.known_by}"
            for one in held
        ),
        "",
        f"Bag: {place}",
    ]
    console.result("\n".join(lines))


def report(
    job: jobs.Job,
    case: run.Case,
    done: reconcile.Run,
    *,
    tombstone: Mapping[str, Any] | None = None,
) -> int:
    """How a step ended, and what comes next; the exit code."""
    stands = case.stands
    if job.text:
        for engine, seconds in done.seconds.items():
            ended = [o for o in done.outcomes if o.change.ref.engine is engine]
            good = sum(o.status is plan.Status.APPLIED for o in ended)
            console.result(
                f"  {engine.value:<18} {good:>4} of {len(ended):>4} changes  {seconds:6.1f} s"
            )
        if done.failure is None:
            console.result("\n" + "\n".join(_status_lines(job, stands)))
        if tombstone:
            console.result("\n" + _tombstone_text(job, tombstone))
    else:
        console.result_json(_status_json(job, stands))
    if done.failure is None:
        return errors.ExitCode.DONE
    (console.error if job.text else console.error_json)(done.failure)
    return errors.ExitCode.PARTIAL if done.count(plan.Status.APPLIED) else done.failure.exit_code


def report_export(job: jobs.Job, case: run.Case, made: bag.Sealed) -> int:
    if job.text:
        console.result(
            f"\n{made.path}: {counted.of(made.files, 'file')}, {counted.of(made.octets, 'byte')},"
            f" sha256:{made.digest}\n"
        )
        console.result("\n".join(_status_lines(job, case.stands)))
    else:
        console.result_json(_status_json(job, case.stands))
    return errors.ExitCode.DONE


def show_status(job: jobs.Job) -> int:
    """Where the leaving stands, from the records alone."""
    stands = job.standing
    if job.text:
        console.result("\n".join([jobs.title(job), "", *_status_lines(job, stands)]))
        if stands.tombstone:
            console.result("\n" + _tombstone_text(job, stands.tombstone))
    else:
        console.result_json(_status_json(job, stands))
    return errors.ExitCode.DONE


def _tombstone_text(job: jobs.Job, of: Mapping[str, Any]) -> str:
    return tombstone.text(of, language=job.language)


def _status_lines(job: jobs.Job, stands: records.Standing) -> Iterator[str]:
    if stands.tombstone is not None:
        yield f"has left on {str(stands.tombstone['at'])[:10]}"
        return
    of = stands.leaving
    if of is None:
        yield "is not leaving"
        return
    if of.cancelling:
        yield "its leaving is being cancelled; go on with --cancel"
        return
    yield f"leaving since {of.begun[:10]}"
    for step in steps.Step:
        if step is steps.Step.DESTROY:
            yield from _kept_until(job, of)
        yield f"  {step.value:<8} {_state(of, step)}"


def _state(of: steps.Leaving, step: steps.Step) -> str:
    proof = of.of(step)
    if proof is not None:
        return f"done {proof.at[:16]}Z by {proof.by}: {_proved(proof)}"
    if step is steps.Step.DESTROY and of.destruction is not None:
        return "begun: run the same command again"
    return "next" if of.next is step else "-"


def _proved(proof: steps.Evidence) -> str:
    facts = proof.facts
    match proof.step:
        case steps.Step.FREEZE:
            kept = counted.of(facts["objects"], "object")
            return f"{kept} kept, {counted.of(len(facts['signInOff']), 'way')} to sign in off"
        case steps.Step.REVOKE:
            listed = facts["list"]
            return (
                f"{len(facts['revoked'])} revoked, list no. {listed['number']}"
                f" of {listed['thisUpdate'][:10]}"
            )
        case steps.Step.EXPORT:
            files = counted.of(facts["files"], "file")
            return f"{files} in {facts['bundle']}, sha256:{facts['digest']}"
        case _:
            return f"plan sha256:{facts['plan']}"


def _kept_until(job: jobs.Job, of: steps.Leaving | None) -> Iterator[str]:
    """Until when records are kept, by the rule that asks for the longest."""
    day = of.frozen_on if of is not None and of.frozen_on else job.now.today()
    longest = retention.periods(job.tenant, day)[0]
    until = of.retain_until if of is not None and of.retain_until else longest.until
    source = longest.source_th if job.language == "th" else longest.source
    confirm = f" (to be confirmed: {longest.confirm})" if longest.confirm else ""
    yield f"  retain   until {until}: {source}{confirm}"


def _contents(of: sources.Contents) -> dict[str, Any]:
    return {
        "namespace": of.namespace,
        "letters": of.letters,
        "registerEntries": of.register_entries,
        "knownBy": of.known_by,
    }


def _status_json(job: jobs.Job, stands: records.Standing) -> dict[str, Any]:
    of = stands.leaving
    return {
        "tenant": job.tenant.id,
        "environment": job.environment.name,
        "phase": stands.phase.value,
        "generation": stands.generation,
        "next": of.next.value if of and not of.cancelling else None,
        "leaving": steps.to_json(of) if of else None,
        "tombstone": dict(stands.tombstone) if stands.tombstone else None,
    }
