"""What is ours after a run: what it wrote, and what it decided in writing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from onboarding import errors, item, normal_form, plan, tenant
from onboarding.engines import interface
from onboarding.state import interface as state


def after(
    desired: Iterable[item.Item],
    observed: Iterable[item.Item],
    changes: Iterable[plan.Change],
    outcomes: Iterable[plan.Outcome],
    before: Iterable[item.Item],
) -> list[item.Item]:
    """What was ours ``before``, plus what succeeded, less what is gone; ``observed`` as planned."""
    changed = {c.ref for c in changes}
    live = {i.ref: i for i in observed}
    now = {i.ref: _decided(i, live.get(i.ref)) for i in desired if i.ref not in changed}
    now.update({i.ref: i for i in before if i.ref in changed})
    for outcome in outcomes:
        if outcome.status not in (plan.Status.APPLIED, plan.Status.UNCHANGED):
            continue
        if outcome.change.desired is None:
            now.pop(outcome.change.ref, None)
        else:
            now[outcome.change.ref] = outcome.change.desired
    return list(now.values())


def remember_decided(
    of: tenant.Tenant,
    outcomes: Sequence[plan.Outcome],
    engines: Mapping[item.EngineName, interface.Engine],
    store: state.StateStore,
) -> None:
    """Keep what the run decided, such as keys and certificates: another one later is drift."""
    made = {
        o.change.ref
        for o in outcomes
        if o.status is plan.Status.APPLIED
        and o.change.desired is not None
        and normal_form.is_open(o.change.desired.fields)
    }
    live: dict[item.Ref, item.Item] = {}
    for name in {ref.engine for ref in made}:
        try:
            live |= {i.ref: i for i in engines[name].observe([of]).of(of.id) if i.ref in made}
        except errors.OnboardError:
            # What was written stands; what it came to is learnt by the next run.
            continue
    if live:
        kept = store.applied(of.id)
        store.keep_applied(of.id, [_decided(i, live.get(i.ref)) for i in kept])


def _decided(of: item.Item, live: item.Item | None) -> item.Item:
    if live is None or not normal_form.is_open(of.fields):
        return of
    return replace(of, fields=normal_form.decided(of.fields, live.fields))
