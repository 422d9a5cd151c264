"""What one engine writes of a plan: each change in the journal before it is written, and after."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from onboarding import applied, counted, errors, interruption, item, plan, progress, tenant
from onboarding.engines import interface
from onboarding.state import interface as state

TITLES = {
    item.EngineName.VAULT: "Vault: certificate authority, policies, keys",
    item.EngineName.SSO: "Keycloak: organization or realm, groups, clients",
    item.EngineName.CLUSTER: "Pulumi: namespaces, quotas, network, access, workload",
    item.EngineName.INGRESS_TLS: "Ingress certificates",
    item.EngineName.SETTINGS: "Ansible: e-Office settings, hand-over kit",
}

_STEPWISE = frozenset({item.EngineName.VAULT, item.EngineName.SSO, item.EngineName.INGRESS_TLS})
"""Engines whose changes are a few requests each; Pulumi and Ansible end what they began."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one engine has to write, and what a run that was cut off in it had begun."""

    engine: interface.Engine
    changes: Sequence[plan.Change]
    unfinished: Mapping[str, str]
    keep: applied.Keep


def carry_out(
    work: Work,
    of: tenant.Tenant,
    store: state.StateStore,
    report: progress.Progress,
    outcomes: list[plan.Outcome],
) -> None:
    """Append each outcome as it ends, so that an interruption loses none."""
    engine, changes = work.engine, work.changes
    store.record(of.id, "engine-begun", engine=engine.name.value, changes=len(changes))
    raised: errors.OnboardError | None = None

    def begin(change: plan.Change) -> None:
        store.check_lease(of.id)
        _record_begin(store, of, change)

    try:
        with (
            report.step(f"{TITLES[engine.name]} ({_amount(changes)})"),
            _ended(
                engine.apply(of, changes, report, begin=begin, unfinished=work.unfinished)
            ) as told,
        ):
            for outcome in _steps(engine.name, told):
                outcomes.append(outcome)
                _record_outcome(store, of, outcome)
    except errors.OnboardError as broken:
        raised = broken
    ended = {o.change.ref for o in outcomes}
    missing = [c for c in changes if c.ref not in ended]
    failed = any(o.status is plan.Status.FAILED for o in outcomes)
    if raised is not None:
        if failed or not missing:
            raise raised
        outcomes.append(plan.Outcome(missing[0], plan.Status.FAILED, error=raised))
        missing = missing[1:]
    elif missing and not failed:
        silent = errors.EngineFailed(
            f"{engine.name.value} ended without saying what became of {len(missing)} change(s)",
            details=[str(c.ref) for c in missing],
            resolution="Run the same command again; if it repeats, this is a bug to report.",
        )
        outcomes.append(plan.Outcome(missing[0], plan.Status.FAILED, error=silent))
        missing = missing[1:]
    outcomes += [plan.Outcome(c, plan.Status.NOT_ATTEMPTED) for c in missing]
    # The journal must not say that an engine ended before what it decided is known: a run that
    # was killed between the two would hold the systems to what an earlier run decided.
    work.keep(engine)
    if not any(o.status is plan.Status.FAILED for o in outcomes):
        store.record(of.id, "engine-ended", engine=engine.name.value)


def _amount(changes: Sequence[plan.Change]) -> str:
    return counted.of(len(changes), "change") if changes else "finishing what a stopped run left"


def _steps(name: item.EngineName, told: Iterator[plan.Outcome]) -> Iterator[plan.Outcome]:
    """Outcomes; a first Ctrl-C is felt when the change in hand is written and recorded."""
    while True:
        with interruption.step() if name in _STEPWISE else contextlib.nullcontext():
            outcome = next(told, None)
            if outcome is None:
                return
            yield outcome


@contextlib.contextmanager
def _ended(told: Iterator[plan.Outcome]) -> Iterator[Iterator[plan.Outcome]]:
    """Let an engine end what it began before anything is said about the run.

    Ctrl-C may fall between two outcomes, while the engine's own code is not running.
    """
    try:
        yield told
    finally:
        close = getattr(told, "close", None)
        if close is not None:
            close()


def _record_begin(store: state.StateStore, of: tenant.Tenant, change: plan.Change) -> None:
    wanted = change.desired
    store.record(
        of.id,
        "change-begun",
        engine=change.ref.engine.value,
        ref=str(change.ref),
        action=change.action.value,
        desired=item.content_hash(dict(wanted.fields)) if wanted else "",
    )


def _record_outcome(store: state.StateStore, of: tenant.Tenant, outcome: plan.Outcome) -> None:
    store.record(
        of.id,
        "change-ended",
        engine=outcome.change.ref.engine.value,
        ref=str(outcome.change.ref),
        action=outcome.change.action.value,
        status=outcome.status.value,
    )
