"""What is ours after a run: what it wrote, and what it decided in writing it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from onboarding import errors, item, normal_form, plan, tenant
from onboarding.engines import interface
from onboarding.state import interface as state

Keep = Callable[[interface.Engine], None]
"""Records what is ours once an engine has written, and what it decided in doing so."""


@contextlib.contextmanager
def remembered(
    of: tenant.Tenant,
    desired: Sequence[item.Item],
    observed: Sequence[item.Item],
    made: plan.Plan,
    outcomes: Sequence[plan.Outcome],
    store: state.StateStore,
) -> Iterator[Keep]:
    """Keep what is ours at the end of each engine, and after the run, however it ends."""
    decided: dict[item.Ref, item.Item] = {}
    kept_at: int | None = None

    def keep() -> None:
        nonlocal kept_at
        before = store.applied(of.id)
        now = after(desired, observed, made.changes, outcomes, before, decided)
        store.keep_applied(of.id, now)
        kept_at = len(outcomes)

    def keep_decided(engine: interface.Engine) -> None:
        decided.update(read_back(of, outcomes, engine))
        keep()

    try:
        yield keep_decided
    finally:
        if kept_at != len(outcomes):
            keep()


def after(
    desired: Iterable[item.Item],
    observed: Iterable[item.Item],
    changes: Iterable[plan.Change],
    outcomes: Iterable[plan.Outcome],
    before: Iterable[item.Item],
    made: Mapping[item.Ref, item.Item],
) -> list[item.Item]:
    """What was ours ``before``, plus what succeeded, less what is gone.

    ``observed`` as planned; ``made`` as read back since, see ``read_back``.
    """
    changed = {c.ref for c in changes}
    live = {i.ref: i for i in observed}
    now = {i.ref: _decided(i, live.get(i.ref)) for i in desired if i.ref not in changed}
    now.update({i.ref: i for i in before if i.ref in changed})
    for outcome in outcomes:
        if outcome.status not in (plan.Status.APPLIED, plan.Status.UNCHANGED):
            continue
        ref, wanted = outcome.change.ref, outcome.change.desired
        if wanted is None:
            now.pop(ref, None)
        else:
            now[ref] = _decided(wanted, made.get(ref))
    return list(now.values())


def read_back(
    of: tenant.Tenant, outcomes: Iterable[plan.Outcome], engine: interface.Engine
) -> Mapping[item.Ref, item.Item]:
    """What an engine decided in writing, such as keys and certificates: another later is drift."""
    decided = {
        o.change.ref
        for o in outcomes
        if o.status is plan.Status.APPLIED
        and o.change.ref.engine is engine.name
        and o.change.desired is not None
        and normal_form.is_open(o.change.desired.fields)
    }
    if not decided:
        return {}
    try:
        return {i.ref: i for i in engine.observe([of]).of(of.id) if i.ref in decided}
    except errors.OnboardError:
        # What was written stands; what it came to is learnt by the next run.
        return {}


def _decided(of: item.Item, live: item.Item | None) -> item.Item:
    if live is None or not normal_form.is_open(of.fields):
        return of
    return replace(of, fields=normal_form.decided(of.fields, live.fields))
