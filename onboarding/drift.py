"""Drift: what differs live from what was applied, field by field. Nothing is ever written here.

Three states are compared: what was applied last, what is live, and, where a manifest is given,
what it wants. Live against applied is drift, manifest against applied is a change that waits for
``apply``; one field may be both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, field, replace
from enum import StrEnum

from onboarding import counted, errors, item, normal_form, plan, progress, reconcile, tenant
from onboarding import environment as environments
from onboarding.engines import authors

_NOT_BY_HAND = frozenset({("TlsSecret", "renewal")})
"""Fields that time alone changes: a certificate that is due is for ``apply``, and no drift."""


class What(StrEnum):
    CHANGED = "changed"
    DELETED = "deleted"
    ADDED = "added"
    TAKEN = "taken over"
    """The object stands there without our mark, or under another agency's."""


class Cause(StrEnum):
    DRIFT = "drift"
    CHANGE = "change"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One field: as applied, as it is live, and as the manifest wants it if that is new."""

    path: str
    applied: object
    live: object
    cause: Cause = Cause.DRIFT
    wanted: object = None
    who: authors.Who | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not as applied, or not as the manifest wants it."""

    ref: item.Ref
    what: What
    cause: Cause = Cause.DRIFT
    leaves: tuple[Leaf, ...] = ()
    who: authors.Who | None = None
    owner: str = ""
    """Whose the object is now, where it was taken over."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The differences of one agency. ``unread``: engines of which something of the agency's could
    not be read, and why.

    Where nothing is ``recorded`` as applied, the manifest stands for it: what differs then may as
    well never have been applied, so none of it is called drift.
    """

    tenant_id: str
    differences: tuple[Difference, ...]
    as_applied: int
    unread: Mapping[item.EngineName, str] = field(default_factory=dict)
    recorded: bool = True

    @property
    def drifted(self) -> tuple[Difference, ...]:
        return tuple(d for d in self.differences if d.cause is not Cause.CHANGE)

    @property
    def waiting(self) -> tuple[Difference, ...]:
        """What the manifest changes and nobody has applied yet."""
        return tuple(d for d in self.differences if d.cause is Cause.CHANGE)


@dataclass(frozen=True, slots=True)
class Seen:
    """What could be read of all engines, and why the rest could not."""

    read: Mapping[item.EngineName, item.Observation]
    unread: Mapping[item.EngineName, str]

    def of(self, tenant_id: str) -> tuple[item.Item, ...]:
        return tuple(i for o in self.read.values() for i in o.of(tenant_id))


def read(
    engines: reconcile.Engines,
    target: environments.Environment,
    tenants: Sequence[tenant.Tenant],
    report: progress.Progress,
) -> Seen:
    """Read every engine once for all tenants; one that cannot be read leaves the others.

    Raises ``errors.Mismatch`` where a system is not the pinned one.
    """

    def ask(engine: reconcile.Engines) -> item.Observation | errors.OnboardError:
        try:
            reconcile.check_identity(engine, target)
            return engine[0].observe(tenants)
        except errors.Mismatch:
            raise
        except errors.OnboardError as refused:
            return refused

    title = "Read " + ", ".join(e.name.value for e in engines)
    with report.step(title), futures.ThreadPoolExecutor() as pool:
        answers = dict(
            zip((e.name for e in engines), pool.map(ask, [[e] for e in engines]), strict=True)
        )
    return Seen(
        {n: a for n, a in answers.items() if isinstance(a, item.Observation)},
        {n: a.message for n, a in answers.items() if isinstance(a, errors.OnboardError)},
    )


def compare(
    tenant_id: str,
    applied: Sequence[item.Item],
    seen: Seen,
    desired: Sequence[item.Item] | None = None,
) -> Drift:
    """Pure. Where nothing is recorded as applied, ``desired`` stands for it.

    Raises ``errors.Unreachable`` where neither is known: nothing can be said then.
    """
    if not applied and desired is None:
        raise errors.Unreachable(
            f"{tenant_id}: nothing is recorded as applied, so drift cannot be told",
            resolution="Name its manifest: then the live systems are compared with that.",
        )
    recorded = _of_read(applied or desired or (), seen)
    live = {i.ref: i for i in seen.of(tenant_id)}
    hidden = {
        i.ref: why
        for i in recorded
        if i.ref not in live and (why := seen.read[i.ref.engine].why_unread(tenant_id, i.ref.kind))
    }
    base = [i for i in recorded if i.ref not in hidden]
    drifted = plan.diff(tenant_id, base, live.values(), base, target={})
    found = {d.ref: d for d in _drifted(drifted, live)}
    if not applied:
        found = {ref: _unrecorded(d) for ref, d in found.items()}
    if applied and desired is not None:
        ours = [replace(i, owner=tenant_id) for i in recorded]
        pending = plan.diff(tenant_id, _of_read(desired, seen), ours, target={})
        for change in pending.changes:
            found[change.ref] = _pending(change, found.get(change.ref))
    ordered = sorted(found.values(), key=lambda d: (item.ENGINE_ORDER.index(d.ref.engine), d.ref))
    return Drift(
        tenant_id,
        tuple(ordered),
        len(base) - sum(d.what is not What.ADDED for d in ordered if d.cause is not Cause.CHANGE),
        {**seen.unread, **_unread(hidden)},
        bool(applied),
    )


def _unrecorded(of: Difference) -> Difference:
    """A difference from the manifest, in the words of what ``apply`` would do about it."""
    made = {What.DELETED: What.ADDED, What.ADDED: What.DELETED}.get(of.what, of.what)
    leaves = tuple(
        Leaf(leaf.path, None, leaf.live, Cause.CHANGE, leaf.applied) for leaf in of.leaves
    )
    return replace(of, what=made, cause=Cause.CHANGE, leaves=leaves, who=None)


def _of_read(items: Iterable[item.Item], seen: Seen) -> tuple[item.Item, ...]:
    return tuple(i for i in items if i.ref.engine in seen.read)


def _unread(hidden: Mapping[item.Ref, str]) -> dict[item.EngineName, str]:
    """Of engines that were read otherwise: why not these objects, and how many they are."""
    reasons: dict[item.EngineName, Counter[str]] = {}
    for ref, why in hidden.items():
        reasons.setdefault(ref.engine, Counter())[why] += 1
    return {
        engine: "; ".join(f"{why} ({counted.of(n, 'object')})" for why, n in found.items())
        for engine, found in reasons.items()
    }


def _drifted(found: plan.Plan, live: Mapping[item.Ref, item.Item]) -> Iterator[Difference]:
    for change in found.changes:
        match change.action:
            case plan.Action.CREATE:
                yield Difference(change.ref, What.DELETED)
            case plan.Action.DELETE:
                yield Difference(change.ref, What.ADDED, who=_holder(live[change.ref]))
            case plan.Action.UPDATE:
                leaves = tuple(
                    Leaf(f.path, f.after, f.before, who=_holder(live[change.ref], f.path))
                    for f in change.fields
                    if (change.ref.kind, f.path) not in _NOT_BY_HAND
                )
                if leaves:
                    yield Difference(change.ref, What.CHANGED, leaves=leaves)
    for conflict in found.conflicts:
        who = _holder(live[conflict.ref])
        yield Difference(conflict.ref, What.TAKEN, who=who, owner=conflict.owner)


def _holder(of: item.Item, path: str = "") -> authors.Who | None:
    """Who holds the field, or, without one, who wrote to the object last."""
    held: Mapping[str, Sequence[str]] = of.fields.get(normal_form.HELD_BY_OTHERS) or {}
    near = [w for p, w in held.items() if not path or _within(p, path) or _within(path, p)]
    if not near:
        return None
    name, how, when = max(near, key=lambda who: who[2])
    return authors.Who(name, how, when, "field managers")


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}.")


_WHAT_OF = {
    plan.Action.CREATE: What.ADDED,
    plan.Action.UPDATE: What.CHANGED,
    plan.Action.DELETE: What.DELETED,
}


def _pending(change: plan.Change, drifted: Difference | None) -> Difference:
    """A change of the manifest, together with what hands did to the same object."""
    waiting = {f.path: f for f in change.fields}
    if drifted is None:
        leaves = tuple(
            Leaf(f.path, f.before, f.before, Cause.CHANGE, f.after) for f in change.fields
        )
        return Difference(change.ref, _WHAT_OF[change.action], Cause.CHANGE, leaves)
    if change.action is plan.Action.CREATE:
        # Made by a run that could not record it: it is there, and it is wanted.
        return replace(drifted, cause=Cause.CHANGE)
    both = tuple(
        replace(leaf, cause=Cause.BOTH, wanted=waiting.pop(leaf.path).after)
        if leaf.path in waiting
        else leaf
        for leaf in drifted.leaves
    )
    alone = tuple(Leaf(f.path, f.before, f.before, Cause.CHANGE, f.after) for f in waiting.values())
    return replace(drifted, cause=Cause.BOTH, leaves=both + alone)


def with_authors(of: Drift, known: Mapping[item.Ref, authors.Who]) -> Drift:
    """The same, with who changed each object last where the fields do not say it themselves."""

    def told(one: Difference) -> Difference:
        who = known.get(one.ref)
        if who is None or one.cause is Cause.CHANGE:
            return one
        leaves = tuple(
            leaf if leaf.who or leaf.cause is Cause.CHANGE else replace(leaf, who=who)
            for leaf in one.leaves
        )
        return replace(one, leaves=leaves, who=one.who or who)

    return replace(of, differences=tuple(told(d) for d in of.differences))


def exit_code(found: Iterable[Drift]) -> errors.ExitCode:
    """5 where something could not be read or told, 4 where something drifted, else 0."""
    every = list(found)
    if any(d.unread or (d.differences and not d.recorded) for d in every):
        return errors.ExitCode.UNDETERMINED
    return errors.ExitCode.FINDINGS if any(d.drifted for d in every) else errors.ExitCode.DONE
