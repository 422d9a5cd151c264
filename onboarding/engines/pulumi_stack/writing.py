"""Writing a tenant's changes: one ``pulumi up`` of the whole stack, told as outcomes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from onboarding import environment, errors, item, kube, plan, progress, tenant
from onboarding.desired import cluster as wanted
from onboarding.engines.pulumi_stack import (
    backend,
    command,
    events,
    holding,
    ownership,
    pods,
    serving,
    wording,
)

_VERBS = {"create": "created", "update": "updated", "delete": "deleted"}


@dataclass(frozen=True, slots=True)
class Work:
    """For whom, where, and as whom."""

    target: environment.Environment
    role: environment.Role
    cluster: kube.Cluster
    of: tenant.Tenant


@dataclass(slots=True)
class _Ledger:
    """Changes that have no outcome yet, and what was heard about them."""

    pending: dict[item.Ref, plan.Change]
    untouched: set[item.Ref] = field(default_factory=set)
    failed: list[item.Ref] = field(default_factory=list)
    begun: dict[item.Ref, float] = field(default_factory=dict)
    under_way: set[item.Ref] = field(default_factory=set)
    said: set[str] = field(default_factory=set)

    def hear(self, told: events.Told) -> None:
        if told.fate is events.Fate.BEGUN:
            self.under_way.add(told.ref)
        else:
            self.under_way.discard(told.ref)

    def close(self, ref: item.Ref, status: plan.Status) -> plan.Outcome:
        began = self.begun.get(ref)
        seconds = time.monotonic() - began if began else 0.0
        return plan.Outcome(self.pending.pop(ref), status, seconds)


def apply(
    work: Work,
    changes: Sequence[plan.Change],
    report: progress.Progress,
    begin: plan.Begin,
    *,
    cut_off: bool = False,
) -> Iterator[plan.Outcome]:
    """Bring the tenant's stack to the desired state; at most two updates are started.

    Pulumi compares with its own state, never with the live objects. So an object to be updated
    gets a new value in one annotation, which makes Pulumi write it whoever changed it; and a
    refresh precedes where an object vanished that the state still holds. Where an earlier update
    was ``cut_off`` the state may lack objects that stand, and remember operations as pending for
    ever: those are dropped, and the update writes the objects once more, which changes nothing.
    """
    serving.spare_forks()
    gone = work.of.phase is tenant.Phase.GONE
    if not gone:
        _refuse_loss(changes)
    stack = _stack(work)
    backend.clear(work.target, command.PROJECT, stack.name)
    items = wanted.desired(work.of, work.target)
    updated = _updated(changes)
    ledger = _Ledger({c.ref: c for c in changes})
    program = _program(work, items, updated)
    if command.mend_files(stack):
        report.note("the stack's state cannot be read: it is made anew from the live objects")
    fresh = not command.known(stack)
    if fresh:
        command.init(stack)
    elif cut_off:
        command.forget_pending(stack)
    if (gone or any(c.released for c in changes)) and not fresh:
        # The update, which does nothing but what was planned, protects again what stays.
        command.unprotect(stack)
    vanished = any(c.action is plan.Action.CREATE for c in changes) and _was_applied(changes)
    refresh = (vanished or bool(holding.made_anew(changes))) and not fresh
    for change in changes:
        begin(change)
        if change.reason == plan.ENDING:
            _until_gone(work.cluster, change.ref, work.target.timeouts.wait)
    # Before Pulumi looks ahead: it would show what a hand added as still there, and the server
    # refuses some of that beside our own (two ports of one name).
    ownership.take_back(work.cluster, [c.ref for c in changes if c.ref in updated])
    if fresh:
        # Its state is empty: all that can happen is that objects are made, or taken up as they are.
        holding.tell({i.ref for i in items} - ledger.pending.keys(), report)
    else:
        refresh = _hold(work, stack, items, changes, report, refresh=refresh)
    reader, code = yield from _update(work, stack, program, ledger, report, refresh=refresh)
    if not (fresh or refresh) and _left_behind(ledger, reader):
        report.note("the stack's state is behind the live objects: refreshing it")
        _hold(work, stack, items, changes, report, refresh=True)
        ledger.untouched.clear()
        ledger.failed.clear()
        reader, code = yield from _update(work, stack, program, ledger, report, refresh=True)
    yield from _settle(work, ledger, reader, code, stack)
    _until_pods_are_current(work, changes, code, report)


def _until_pods_are_current(
    work: Work, changes: Sequence[plan.Change], code: int, report: progress.Progress
) -> None:
    """Where pods of an e-Office really run: what comes next asks them."""
    about = work.target.e_office
    if about is not None and about.run is not None and not code:
        made = [c.ref for c in changes if c.action is not plan.Action.DELETE]
        pods.until_current(work.cluster, made, about.longest, report)


def look_ahead(work: Work, changes: Sequence[plan.Change], report: progress.Progress) -> None:
    """Raise ``errors.Mismatch`` where the update would do more than ``changes``; writes nothing.

    ``apply`` clears away what hinders a preview. So one that fails is no reason to stop.
    """
    serving.spare_forks()
    stack = _stack(work)
    if not command.known(stack):
        return
    items = wanted.desired(work.of, work.target)
    with contextlib.suppress(errors.EngineFailed):
        _hold(work, stack, items, changes, report, refresh=False)


def _stack(work: Work) -> command.Stack:
    stack = command.Stack(work.target, work.of.id, work.target.login(work.role).kubeconfig)
    command.prepare(stack)
    return stack


def _updated(changes: Sequence[plan.Change]) -> frozenset[item.Ref]:
    return frozenset(c.ref for c in changes if c.action is plan.Action.UPDATE)


def _hold(
    work: Work,
    stack: command.Stack,
    items: Sequence[item.Item],
    changes: Sequence[plan.Change],
    report: progress.Progress,
    *,
    refresh: bool,
) -> bool:
    """See ``holding.hold``, with the program that an update by these changes would run."""
    program = _program(
        work, items, _updated(changes), holding.made_anew(changes), holding.unasked(changes)
    )
    planned = {c.ref: c for c in changes}
    every = frozenset(i.ref for i in items)
    return holding.hold(stack, program, planned, every, report, refresh=refresh)


def _refuse_loss(changes: Sequence[plan.Change]) -> None:
    deleted = (c for c in changes if c.action is plan.Action.DELETE and c.holds_data)
    lost = [c for c in deleted if not c.released]
    if lost:
        raise errors.Refused(
            f"{len(lost)} object(s) that hold data would be deleted; nothing was written",
            details=[str(c.ref) for c in lost],
            resolution="Keep them in the manifest, or have a second person approve the plan.",
        )


def _was_applied(changes: Sequence[plan.Change]) -> bool:
    return any(c.reason in (plan.VANISHED, plan.ENDING) for c in changes)


def _program(
    work: Work,
    items: Sequence[item.Item],
    updated: frozenset[item.Ref],
    left: Mapping[item.Ref, Sequence[str]] | None = None,
    unasked: frozenset[item.Ref] = frozenset(),
) -> command.Program:
    """``updated`` are written even where Pulumi sees no difference, ``left`` fields never are.

    ``unasked`` are for a preview only, which does not try them.
    """
    from onboarding.stacks import program, resource

    stamp = datetime.now(UTC).isoformat(timespec="milliseconds")
    made = []
    for one in items:
        marked = _stamped(one, resource.LAST_UPDATE, stamp) if one.ref in updated else one
        fields = (left or {}).get(one.ref)
        if fields:
            marked = _stamped(marked, resource.LEFT, ",".join(fields))
        made.append(_stamped(marked, resource.UNASKED, "") if one.ref in unasked else marked)
    return program.program(made, cluster_identity=work.target.cluster.identity)


def _stamped(of: item.Item, key: str, stamp: str) -> item.Item:
    metadata = of.fields["metadata"]
    annotations = {**metadata["annotations"], key: stamp}
    return replace(of, fields={**of.fields, "metadata": {**metadata, "annotations": annotations}})


def _update(
    work: Work,
    stack: command.Stack,
    program: command.Program,
    ledger: _Ledger,
    report: progress.Progress,
    *,
    refresh: bool,
) -> Generator[plan.Outcome, None, tuple[events.Reader, int]]:
    reader = events.Reader()
    # Closed before anything is said about the run: an interruption may fall between two events.
    update = contextlib.closing(command.up(stack, program, refresh=refresh))
    with update as run, _late_for(work, ledger):
        while True:
            try:
                event = next(run)
            except StopIteration as ended:
                return reader, int(ended.value)
            if not event:
                _tell_waiting(work, ledger, report)
                continue
            told = reader.read(event)
            if told is None:
                continue
            ledger.hear(told)
            if told.ref not in ledger.pending:
                continue
            if told.fate is events.Fate.BEGUN:
                ledger.begun.setdefault(told.ref, time.monotonic())
            elif told.fate is events.Fate.SAME:
                ledger.untouched.add(told.ref)
            elif told.fate is events.Fate.FAILED:
                ledger.failed.append(told.ref)
                report.note(f"failed: {told.ref}")
            elif _finishes(told, ledger.pending[told.ref]):
                report.note(f"{_VERBS.get(told.operation, told.operation)} {told.ref}")
                yield ledger.close(told.ref, plan.Status.APPLIED)


@contextlib.contextmanager
def _late_for(work: Work, ledger: _Ledger) -> Iterator[None]:
    """An update that was stopped is told with what kept the pods from starting that it began."""
    try:
        yield
    except errors.EngineFailed as late:
        waited = ledger.under_way.union(ledger.failed)
        told = wording.of_late(late, pods.hindered(work.cluster, waited))
        raise told from late.__cause__


def _tell_waiting(work: Work, ledger: _Ledger, report: progress.Progress) -> None:
    """Say once why pods of what was begun do not start: Pulumi waits for them without a word."""
    for why in pods.hindered(work.cluster, ledger.under_way):
        if why not in ledger.said:
            ledger.said.add(why)
            report.note(why)


def _finishes(told: events.Told, change: plan.Change) -> bool:
    """A replacement is told in several events; only the new object's counts."""
    if change.action is plan.Action.DELETE:
        return told.operation == "delete"
    return told.operation in ("create", "update", "create-replacement")


def _left_behind(ledger: _Ledger, reader: events.Reader) -> bool:
    """Whether Pulumi's state, not the cluster, is why something was not written."""
    gone = any(
        "not found" in text for ref in ledger.failed for text in reader.messages.get(ref, [])
    )
    return gone or bool(ledger.untouched & ledger.pending.keys())


def _settle(
    work: Work, ledger: _Ledger, reader: events.Reader, code: int, stack: command.Stack
) -> Iterator[plan.Outcome]:
    """Outcomes of what is still open when Pulumi has ended."""
    for ref in ledger.failed:
        told = [*pods.hindered(work.cluster, [ref]), *reader.messages.get(ref, [])]
        error = wording.of_object(ref, told, stack.log)
        yield replace(ledger.close(ref, plan.Status.FAILED), error=error)
    if ledger.failed:
        return
    if code:
        blamed = [ref for ref in reader.messages if ref is not None]
        said = pods.hindered(work.cluster, blamed)
        said += [text for texts in reader.messages.values() for text in texts]
        raise wording.of_run(code, said or wording.tail(stack.log), stack.log)
    for ref, change in list(ledger.pending.items()):
        if change.action is plan.Action.DELETE:
            # Pulumi's state does not know it, so Pulumi could not delete it.
            gone = _deleted(work.cluster, ref, work.target.timeouts.wait)
            yield ledger.close(ref, plan.Status.APPLIED if gone else plan.Status.UNCHANGED)
        elif ref in ledger.untouched:
            yield ledger.close(ref, plan.Status.UNCHANGED)


def _deleted(cluster: kube.Cluster, ref: item.Ref, longest: float) -> bool:
    """Delete an object and wait until it is gone; False where it was gone before."""
    if not cluster.delete(ref.kind, ref.name, ref.scope):
        return False
    _until_gone(cluster, ref, longest)
    return True


def _until_gone(cluster: kube.Cluster, ref: item.Ref, longest: float) -> None:
    deadline = time.monotonic() + longest
    while cluster.get(ref.kind, ref.name, ref.scope) is not None:
        if time.monotonic() > deadline:
            raise errors.EngineFailed(
                f"{ref} is being deleted, but does not go",
                resolution="Look at its finalizers; a re-run goes on from here.",
            )
        time.sleep(0.2)
