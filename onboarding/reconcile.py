"""The order of work: read, compare, review, write, and say how each change ended.

``plan`` and ``apply`` share ``prepare``; only ``carry_out`` writes, and it writes exactly the
plan it is given.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass

from onboarding import (
    applied,
    clock,
    desired,
    engine_run,
    environment,
    errors,
    interruption,
    item,
    plan,
    policy,
    progress,
    safety,
    tenant,
    unfinished,
    verify,
)
from onboarding.engines import interface, witness
from onboarding.state import interface as state

_PIN_OF = {
    item.EngineName.VAULT: "vault",
    item.EngineName.SSO: "keycloak",
    item.EngineName.CLUSTER: "cluster",
}

Engines = Sequence[interface.Engine]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One tenant, read and compared: everything a reviewer needs, and nothing written yet."""

    tenant: tenant.Tenant
    environment: environment.Environment
    desired: tuple[item.Item, ...]
    observed: Mapping[item.EngineName, item.Observation]
    plan: plan.Plan
    findings: tuple[policy.Finding, ...]
    hazards: tuple[safety.Hazard, ...] = ()


@dataclass(frozen=True, slots=True)
class Warrant:
    """Who lets a run happen, for the journal; it holds no secret.

    ``digest`` is that of the reviewed plan where a run that was stopped goes on with the rest
    of it; "" where the plan itself was reviewed. ``whole`` is that of all the plans that were
    reviewed as one; "" for one alone.
    """

    by: str = ""
    commit: str = ""
    digest: str = ""
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """How an apply ended, change by change."""

    prepared: Prepared
    outcomes: tuple[plan.Outcome, ...]
    seconds: Mapping[item.EngineName, float]

    def count(self, status: plan.Status) -> int:
        return sum(o.status is status for o in self.outcomes)

    @property
    def failure(self) -> errors.OnboardError | None:
        return next((o.error for o in self.outcomes if o.error is not None), None)


_NOBODY = Warrant()


def observe(
    engines: Engines,
    tenants: Sequence[tenant.Tenant],
    report: progress.Progress,
    *,
    evidence: bool = False,
) -> dict[item.EngineName, item.Observation]:
    """Read all engines side by side; the first that cannot be read ends it with its error."""
    title = "Read " + ", ".join(e.name.value for e in engines)
    with report.step(title), futures.ThreadPoolExecutor(max_workers=len(engines)) as pool:
        asked = {e.name: pool.submit(e.observe, tenants, evidence=evidence) for e in engines}
        return {name: answer.result() for name, answer in asked.items()}


def check_identity(engines: Engines, target: environment.Environment) -> None:
    """Raise ``errors.Mismatch`` unless every system is the one that the environment pins."""
    pins = target.pins()
    wrong = []
    for engine in engines:
        pinned = pins.get(_PIN_OF.get(engine.name, ""))
        if pinned is None:
            continue
        found = engine.identity()
        if not pinned:
            wrong.append(f"{engine.name.value}: not pinned in the environment file, found {found}")
        elif found != pinned:
            wrong.append(f"{engine.name.value}: pinned {pinned}, found {found}")
    if wrong:
        raise errors.Mismatch(
            f"environment {target.name!r} is not the system it was pinned to",
            details=wrong,
            resolution="Check the environment file. If the systems were rebuilt on purpose, "
            f"run: onboard bootstrap --environment {target.name} --repin",
        )


def prepare(  # noqa: PLR0913 - what a plan is made from, each thing by its name
    of: tenant.Tenant,
    target: environment.Environment,
    engines: Engines,
    store: state.StateStore,
    now: clock.Clock,
    report: progress.Progress,
    *,
    others: Sequence[tenant.Tenant] | None = None,
    purpose: plan.Purpose = plan.Purpose.APPLY,
    basis: Mapping[str, str] | None = None,
) -> Prepared:
    """Read, compare and review one tenant; writes nothing. ``basis``: see ``plan.Plan``."""
    check_identity(engines, target)
    witness.check(engines, store, of.id)
    wanted = desired.everything(of, target)
    seen = observe(engines, [of], report)
    made = plan.diff(
        of.id,
        wanted,
        (i for o in seen.values() for i in o.of(of.id)),
        store.applied(of.id),
        target=target.pins(),
        purpose=purpose,
        basis=basis,
    )
    findings = verify.review(of, target, wanted, others=others, now=now)
    known = safety.gather(of, (i for o in seen.values() for i in o.of(of.id)), store, target)
    return Prepared(of, target, wanted, seen, made, findings, safety.judge(made, known))


def carry_out(
    prepared: Prepared,
    engines: Engines,
    store: state.StateStore,
    report: progress.Progress,
    *,
    order: Sequence[item.EngineName] = item.ENGINE_ORDER,
    warrant: Warrant = _NOBODY,
) -> Run:
    """Write the plan, engine by engine in ``order``, and stop at the first failure.

    The journal knows of every change before it is written, and of its outcome before the next
    one begins. The caller holds the lease.
    Raises ``errors.Interrupted`` when the user stops the run; what was done stays recorded.
    Raises ``errors.Mismatch``, before anything is written, where an engine that comes after others
    would do more than the plan.
    """
    of, made = prepared.tenant, prepared.plan
    check_identity(engines, prepared.environment)
    by_name = {e.name: e for e in engines}
    _look_ahead(prepared, by_name, order, report)
    digest = warrant.digest or made.digest
    left = unfinished.of(store.journal(of.id))
    _record_begin_of_run(prepared, digest, warrant, store)
    outcomes: list[plan.Outcome] = []
    seconds: dict[item.EngineName, float] = {}
    try:
        seen = [i for o in prepared.observed.values() for i in o.of(of.id)]
        with applied.remembered(of, prepared.desired, seen, made, outcomes, store) as keep:
            for name in order:
                changes = made.of(name)
                cut_off = left.get(name.value)
                if not changes and (cut_off is None or made.purpose is not plan.Purpose.APPLY):
                    continue
                if any(o.status is plan.Status.FAILED for o in outcomes):
                    outcomes += [plan.Outcome(c, plan.Status.NOT_ATTEMPTED) for c in changes]
                    continue
                began = time.monotonic()
                work = engine_run.Work(by_name[name], changes, cut_off or plan.NOTHING, keep)
                engine_run.carry_out(work, of, store, report, outcomes)
                seconds[name] = time.monotonic() - began
        run = Run(prepared, tuple(outcomes), seconds)
        ended = "apply-failed" if run.failure else "apply-ended"
        store.record(of.id, ended, digest=digest, applied=run.count(plan.Status.APPLIED))
        if run.count(plan.Status.APPLIED):
            witness.keep(engines, store, of.id, report)
    except KeyboardInterrupt as stopped:
        store.record(of.id, "apply-interrupted", digest=digest)
        late = isinstance(stopped, interruption.TimeIsUp)
        raise errors.Interrupted(
            f"{of.id}: {'its time is up' if late else 'interrupted'}, the run is stopped",
            details=[_progress_of(outcomes, made), f"stopped in: {engine_run.TITLES[name]}"],
            resolution="Run the same command again: it goes on from here.",
        ) from None
    except errors.OnboardError as broken:
        _partly(broken, outcomes, made)
        raise
    except Exception as unexpected:
        short = errors.shortage(unexpected)
        if short is None:
            raise
        _partly(short, outcomes, made)
        raise short from unexpected
    return run


def _partly(broken: errors.OnboardError, outcomes: list[plan.Outcome], made: plan.Plan) -> None:
    """The record of the run could not be kept, but what was written stands."""
    if _done(outcomes):
        broken.exit_code = errors.ExitCode.PARTIAL
        broken.details = (*broken.details, _progress_of(outcomes, made))


def _look_ahead(
    prepared: Prepared,
    engines: Mapping[item.EngineName, interface.Engine],
    order: Sequence[item.EngineName],
    report: progress.Progress,
) -> None:
    """The first engine that writes looks ahead by itself: nothing is written before that."""
    writing = [name for name in order if prepared.plan.of(name)]
    for name in writing[1:]:
        engine = engines[name]
        if isinstance(engine, interface.LooksAhead):
            engine.look_ahead(prepared.tenant, prepared.plan.of(name), report)


def _record_begin_of_run(
    prepared: Prepared, digest: str, warrant: Warrant, store: state.StateStore
) -> None:
    made = prepared.plan
    store.record(
        prepared.tenant.id,
        "apply-begun",
        digest=digest,
        whole=warrant.whole,
        purpose=made.purpose.value,
        changes=len(made.changes),
        by=warrant.by,
        commit=warrant.commit,
        manifest=made.basis.get("manifest", ""),
        tool=made.basis.get("tool", ""),
    )


def _progress_of(outcomes: Iterable[plan.Outcome], made: plan.Plan) -> str:
    return f"{_done(outcomes)} of {len(made.changes)} changes were recorded as done"


def _done(outcomes: Iterable[plan.Outcome]) -> int:
    return sum(o.status in (plan.Status.APPLIED, plan.Status.UNCHANGED) for o in outcomes)


def examine(
    of: tenant.Tenant,
    target: environment.Environment,
    engines: Engines,
    now: clock.Clock,
    report: progress.Progress,
    *,
    others: Sequence[tenant.Tenant] | None = None,
) -> tuple[policy.Finding, ...]:
    """Read everything live and judge it: the findings of all stages."""
    check_identity(engines, target)
    wanted = desired.everything(of, target)
    seen = observe(engines, [of], report, evidence=True)
    return (
        *verify.review(of, target, wanted, others=others, now=now),
        *verify.verify_tenant(of, target, wanted, seen, others=others, now=now),
    )
