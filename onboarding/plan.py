"""Plan: what would change, as plain data, from three lists of items.

Pure: no engine, no clock, no file. A plan's digest covers the changes, what they rest on and
the target's identity, not when it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from onboarding import discretion, errors, item, normal_form


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Purpose(StrEnum):
    """What a plan is for; its digest covers it."""

    APPLY = "apply"
    FREEZE = "freeze"
    REVOKE = "revoke"
    THAW = "thaw"
    DESTROY = "destroy"
    MOVE = "move"


DRIFT = "repairs drift"
VANISHED = f"{DRIFT}: vanished from the live system"
ENDING = "it is being deleted in the live system"
"""Reason of a change that brings back what was applied."""


_ENDS = {Purpose.FREEZE: "not while it leaves", Purpose.DESTROY: "the agency leaves"}
"""Why an object goes that the manifest still asks for."""


class Status(StrEnum):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    NOT_ATTEMPTED = "not-attempted"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One leaf that differs: a dotted path, the value before and after (None where absent)."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One item to create, update or delete. ``desired`` is None for a deletion.

    ``released``: its data may go, for a second person agreed. It is no part of the digest, and
    given right before the plan is written.
    """

    action: Action
    ref: item.Ref
    desired: item.Item | None
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    holds_data: bool = False
    released: bool = False


Begin = Callable[[Change], None]
"""Called right before a change is written: it records that it begins, and raises
``errors.LeaseLost`` where this run may write no more."""


NOTHING: Mapping[str, str] = MappingProxyType({})


def unrecorded(change: Change) -> None:
    """The ``Begin`` of someone who keeps no journal."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one change ended."""

    change: Change
    status: Status
    seconds: float = 0.0
    error: errors.OnboardError | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A live object that stands where ours should, and is not ours."""

    ref: item.Ref
    owner: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes of one tenant, in the order of engines, and what stands in their way.

    ``basis``: what the plan was made from, each thing by name with its version or hash; a plan
    made from something else has another digest.
    """

    tenant_id: str
    target: Mapping[str, str]
    changes: tuple[Change, ...]
    conflicts: tuple[Conflict, ...] = ()
    unchanged: int = 0
    purpose: Purpose = Purpose.APPLY
    basis: Mapping[str, str] = field(default_factory=dict)
    digest: str = field(default="", compare=False)

    def of(self, engine: item.EngineName) -> tuple[Change, ...]:
        return tuple(c for c in self.changes if c.ref.engine == engine)

    def counts(self) -> dict[Action, int]:
        return {a: sum(c.action is a for c in self.changes) for a in Action}


def diff(
    tenant_id: str,
    desired: Iterable[item.Item],
    observed: Iterable[item.Item],
    applied: Iterable[item.Item] = (),
    *,
    target: Mapping[str, str],
    purpose: Purpose = Purpose.APPLY,
    basis: Mapping[str, str] | None = None,
) -> Plan:
    """Compare what should be with what is.

    A live item that carries our owner label but is wanted no more is deleted; one that stands
    in our place under another owner, or none, is a conflict, and such a plan cannot be applied.
    ``applied`` (what we wrote last) tells an item that vanished from one that is new, what a hand
    changed from what the manifest changed, and holds what an earlier run decided.
    """
    live = {i.ref: i for i in observed}
    last = {i.ref: i for i in applied}
    wanted = {i.ref: i for i in desired}
    changes: list[Change] = []
    conflicts: list[Conflict] = []
    unchanged = 0
    for want in wanted.values():
        have = live.get(want.ref)
        if have is not None and have.owner != tenant_id:
            conflicts.append(Conflict(want.ref, have.owner))
            continue
        change = _change(want, have, last.get(want.ref))
        if change is None:
            unchanged += 1
        else:
            changes.append(change)
    changes += [
        Change(
            Action.DELETE,
            i.ref,
            None,
            reason=f"{DRIFT}: nobody applied it"
            if last and i.ref not in last
            else _ENDS.get(purpose, "no longer in the manifest"),
            holds_data=i.holds_data,
        )
        for i in live.values()
        if i.owner == tenant_id and i.ref not in wanted
    ]
    changes.sort(key=_order)
    made = tuple(changes), tuple(conflicts), unchanged, purpose, dict(basis or {})
    return sealed(Plan(tenant_id, dict(target), *made))


def _change(want: item.Item, have: item.Item | None, known: item.Item | None) -> Change | None:
    if have is None or have.ending:
        gone = VANISHED if known else "not there yet"
        reason = ENDING if have else gone
        return Change(Action.CREATE, want.ref, want, reason=reason, holds_data=want.holds_data)
    held_to = normal_form.decided(want.fields, known.fields if known else None)
    fields = tuple(
        FieldChange(path, discretion.shown(path, before, wanted=after), after)
        for path, before, after in normal_form.differences(want.ref.kind, held_to, have.fields)
    )
    if known is not None and want.ref.engine is item.EngineName.CLUSTER:
        # Server-side apply takes away what its manager no longer sends (Kubernetes, Server-Side
        # Apply); other systems keep a field that is left out.
        told = {f.path for f in fields}
        left_out = normal_form.withdrawn(want.ref.kind, held_to, known.fields, have.fields)
        fields += tuple(
            FieldChange(path, discretion.shown(path, before, wanted=before), None)
            for path, before, _ in left_out
            if path not in told
        )
    if not fields:
        return None
    reason = _why(want, have, known)
    return Change(Action.UPDATE, want.ref, want, fields, reason, want.holds_data)


def _why(want: item.Item, have: item.Item, known: item.Item | None) -> str:
    """Whether a hand changed the live object, or the manifest what is wanted of it."""
    if known is None:
        return "differs"
    kind = want.ref.kind
    drifted = any(normal_form.differences(kind, known.fields, have.fields))
    wanted_anew = any(normal_form.differences(kind, want.fields, known.fields)) or any(
        normal_form.withdrawn(kind, want.fields, known.fields, known.fields)
    )
    if drifted:
        return f"the manifest changed, and {DRIFT}" if wanted_anew else DRIFT
    return "the manifest changed" if wanted_anew else "differs"


def _order(change: Change) -> tuple[int, str, item.Ref]:
    return item.ENGINE_ORDER.index(change.ref.engine), change.action.value, change.ref


def sealed(unsealed: Plan) -> Plan:
    """The plan with its digest."""
    digest = item.content_hash(
        {
            "purpose": unsealed.purpose.value,
            "tenant": unsealed.tenant_id,
            "target": dict(unsealed.target),
            "basis": dict(unsealed.basis),
            "changes": [_sealable(c) for c in unsealed.changes],
            "conflicts": [[str(c.ref), c.owner] for c in unsealed.conflicts],
        }
    )
    return replace(unsealed, digest=digest)


def _sealable(change: Change) -> dict[str, Any]:
    return {
        "action": change.action.value,
        "ref": [change.ref.engine.value, change.ref.kind, change.ref.scope, change.ref.name],
        "desired": change.desired.fields if change.desired else None,
        "fields": [[f.path, f.before, f.after] for f in change.fields],
        "holdsData": change.holds_data,
    }
