"""Holding Pulumi to the plan: what an update would do is asked before it does it.

Pulumi compares with its own state, which may be behind the live objects, ahead of them, or hold
things that nobody planned for. So the steps of a preview, made by the same program, are compared
with the reviewed changes one by one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from onboarding import errors, item, plan, progress
from onboarding.engines.pulumi_stack import command, events, wording
from onboarding.safety import removal

_WITHOUT_EFFECT = frozenset(
    {"same", "read", "refresh", "discard", "discard-replaced", "remove-pending-replace"}
)
_MAKING = frozenset({"create", "import"})
_MOST = 20
_LOOKING = "Pulumi looks ahead"


@dataclass(slots=True)
class Foreseen:
    """What an update would do besides the plan.

    ``beyond``: objects with Pulumi's words for what it would do to them. ``taken_back``: objects
    that stand as they should and are only missing in Pulumi's state. ``overlooked``: objects to
    be made that Pulumi's state believes to stand. ``failed``: why it could not be foreseen.
    """

    beyond: dict[item.Ref, list[str]] = field(default_factory=dict)
    taken_back: list[item.Ref] = field(default_factory=list)
    overlooked: list[item.Ref] = field(default_factory=list)
    failed: errors.EngineFailed | None = None

    @property
    def behind(self) -> bool:
        """Whether a refresh of the state may change what would be done."""
        return bool(self.beyond or self.overlooked or self.failed)


def judge(
    told: Iterable[events.Told],
    changes: Mapping[item.Ref, plan.Change],
    wanted: frozenset[item.Ref],
) -> Foreseen:
    """Compare the steps of a preview with the changes; ``wanted``: all objects of the agency."""
    steps = [
        one
        for one in told
        if one.fate is events.Fate.BEGUN and one.operation not in _WITHOUT_EFFECT
    ]
    found = Foreseen()
    new = {ref for ref, change in changes.items() if change.action is plan.Action.CREATE}
    found.overlooked = sorted(new - {one.ref for one in steps})
    going = {
        ref.name
        for ref, change in changes.items()
        if ref.kind == "Namespace" and change.action is plan.Action.DELETE
    }
    for one in steps:
        if _planned(one.operation, changes.get(one.ref)):
            continue
        if one.operation == "delete" and one.ref.scope in going:
            # The cluster makes a ServiceAccount "default" anew as long as the namespace stands.
            continue
        if one.ref in wanted - changes.keys() and one.operation == "update" and one.alike:
            continue
        if one.operation in _MAKING and one.ref in wanted and one.ref not in changes:
            found.taken_back.append(one.ref)
        else:
            found.beyond.setdefault(one.ref, []).append(one.operation)
    return found


def _planned(operation: str, change: plan.Change | None) -> bool:
    """Whether a step is part of a change, by whatever way Pulumi comes there."""
    if change is None:
        return False
    if change.action is plan.Action.DELETE:
        return operation == "delete"
    if operation in _MAKING or operation == "update":
        return True
    # Made anew where nothing is there any more: nothing is lost by it.
    return operation != "delete" and change.action is plan.Action.CREATE


def made_anew(changes: Iterable[plan.Change]) -> dict[item.Ref, tuple[str, ...]]:
    """The fields, by object, for which reviewed changes leave no way but to make it anew.

    A preview asks the API server about them, which refuses while the object stands. So a preview
    leaves them as they are, and shows everything else.
    """
    return {
        change.ref: tuple(dict.fromkeys(_block(path) for path in paths))
        for change in changes
        if (paths := removal.replacing(change))
    }


def unasked(changes: Iterable[plan.Change]) -> frozenset[item.Ref]:
    """The objects about which a preview must not ask the API server.

    It refuses a RoleBinding while its Role is not there, and the provider asks five times, for
    two minutes in all; the Role may be made by the same update.
    """
    return frozenset(
        change.ref
        for change in changes
        if change.action is plan.Action.CREATE and change.ref.kind == "RoleBinding"
    )


def _block(path: str) -> str:
    """``roleRef`` of ``roleRef.name``, ``spec.selector`` of ``spec.selector.matchLabels.a``."""
    parts = path.split(".")
    return ".".join(parts[: 2 if parts[0] == "spec" else 1])


def hold(
    stack: command.Stack,
    program: Callable[[], None],
    changes: Mapping[item.Ref, plan.Change],
    wanted: frozenset[item.Ref],
    report: progress.Progress,
    *,
    refresh: bool,
) -> bool:
    """Raise ``errors.Mismatch`` where the update would do more than the plan; it writes nothing.

    Returns whether the update must refresh Pulumi's state first. That alone may be the cure: a
    state that is behind makes Pulumi mean to do what is done already.
    """
    with report.step(_LOOKING):
        found = _foresee(stack, program, changes, wanted, refresh=refresh)
    if found.behind and not refresh:
        refresh = True
        with report.step(f"{_LOOKING} once more, with its state refreshed"):
            found = _foresee(stack, program, changes, wanted, refresh=True)
    if found.beyond:
        raise _more(stack, found)
    if found.failed:
        raise found.failed
    tell(found.taken_back, report)
    return refresh


def tell(taken_back: Iterable[item.Ref], report: progress.Progress) -> None:
    """Say which objects, unchanged, go back into a state that had lost them."""
    listed = sorted(taken_back)
    if not listed:
        return
    title = f"Pulumi's state lacks {len(listed)} object(s) that stand as planned: taking them back"
    with report.step(title):
        for ref in listed:
            report.note(f"taken back unchanged: {ref}")


def _foresee(
    stack: command.Stack,
    program: Callable[[], None],
    changes: Mapping[item.Ref, plan.Change],
    wanted: frozenset[item.Ref],
    *,
    refresh: bool,
) -> Foreseen:
    reader = events.Reader()
    told: list[events.Told] = []
    with contextlib.closing(command.preview(stack, program, refresh=refresh)) as run:
        while True:
            try:
                seen = reader.read(next(run))
            except StopIteration as ended:
                code = int(ended.value)
                break
            if seen is not None:
                told.append(seen)
    found = judge(told, changes, wanted)
    if code:
        found.failed = _failure(reader, code, stack)
    return found


def _failure(reader: events.Reader, code: int, stack: command.Stack) -> errors.EngineFailed:
    for ref, said in reader.messages.items():
        if ref is not None:
            return wording.of_object(ref, said, stack.log)
    said = reader.messages.get(None) or wording.tail(stack.log)
    return wording.of_run(code, said, stack.log)


def _more(stack: command.Stack, found: Foreseen) -> errors.Mismatch:
    lines = [f"{', '.join(steps)}: {ref}" for ref, steps in sorted(found.beyond.items())]
    if len(lines) > _MOST:
        lines = [*lines[:_MOST], f"… and {len(lines) - _MOST} more"]
    return errors.Mismatch(
        f"Pulumi would do more than was planned, to {len(found.beyond)} object(s);"
        " it was not let write anything",
        details=[*lines, f"full output: {stack.log}"],
        resolution="Look at the objects. What is not this agency's any more leaves Pulumi's state"
        f" with: pulumi state delete --stack {stack.name} URN    Then plan again.",
    )
