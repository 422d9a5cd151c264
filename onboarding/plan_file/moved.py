"""Whether a reviewed plan still holds, and if not, exactly what moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from onboarding import environment, errors, item, plan, strict_yaml
from onboarding.plan_file import origin, saved

_MOST = 40
_LONGEST_VALUE = 70
_NAMES = {
    "tool": "version of onboard",
    "catalogue": "version of the catalogue",
    "policies": "version of the policies",
    "environment": "environment",
    "manifest": "manifest",
}


def expired(of: saved.Saved, now: datetime) -> bool:
    return now >= of.made.expires


def check_file(of: saved.Saved, target: environment.Environment, now: datetime) -> None:
    """Raise ``errors.Mismatch`` unless the file is for this target and has not ended.

    Asks no system: it is the first thing to know.
    """
    moved = []
    if expired(of, now):
        moved.append(f"the plan has expired: it held until {of.made.expires:%Y-%m-%d %H:%M} UTC")
    if of.made.environment != target.name:
        moved.append(f"environment: planned for {of.made.environment}, now {target.name}")
    pins = target.pins()
    for system, planned in of.parts[0].plan.target.items():
        now_pinned = pins.get(system, "")
        if planned != now_pinned:
            moved.append(f"identity of {system}: planned for {planned}, now {now_pinned}")
    if moved:
        raise errors.Mismatch("the plan does not hold here and now", details=moved, resolution=_NEW)


def check(part: saved.Part, now: plan.Plan, *, begun: bool = False) -> None:
    """Raise ``errors.Mismatch`` saying what moved unless ``now`` is what was reviewed.

    ``begun``: a run of exactly this plan was begun before and did not end well. Then what is
    left of it is in order as well: fewer changes, or an object half made, towards the same end.
    """
    if now.digest == part.digest:
        return
    moved = [*_basis(part.plan.basis, now.basis), *_target(part.plan, now)]
    moved += _conflicts(part.plan, now)
    moved += _rest(part.plan, now) if begun else _changes(part.plan, now)
    if not moved and begun:
        return
    if len(moved) > _MOST:
        moved = [*moved[:_MOST], f"… and {len(moved) - _MOST} more"]
    raise errors.Mismatch(
        f"{part.tenant_id}: what was planned is not what would be done now; nothing was written",
        details=[f"reviewed sha256:{part.digest}", f"now      sha256:{now.digest}", *moved],
        resolution=_NEW,
    )


def already_done(part: saved.Part, now: plan.Plan, when: str, by: str) -> errors.Mismatch:
    """What to say of a plan that was carried out, where there is something to do again."""
    moved = [f"since then: {_told(change)}" for change in now.changes[:_MOST]]
    moved += [f"since then in the way: {one.ref}" for one in now.conflicts]
    return errors.Mismatch(
        f"{part.tenant_id}: this plan was applied already, and is not applied again",
        details=[f"sha256:{part.digest} was applied on {when} by {by or 'an unnamed run'}", *moved],
        resolution=_NEW,
    )


def differences(reviewed: str, now: str, name: str) -> list[str]:
    """Which values of a manifest differ between two texts of it, as lines; [] for equal texts."""
    if reviewed == now:
        return []
    was, found = (dict(_leaves(strict_yaml.loads(text, name).value)) for text in (reviewed, now))
    lines = [
        f"{path}: {_value(was.get(path))} -> {_value(found.get(path))}"
        for path in sorted(was.keys() | found.keys())
        if was.get(path) != found.get(path)
    ]
    return lines or ["only its comments or its form"]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


_NEW = "Make a new plan and review it: onboard plan FILE -o PLAN"


def _basis(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was == now:
            continue
        agency = origin.peer_of(key)
        name = f"manifest of the peer {agency}" if agency else _NAMES.get(key, key)
        yield f"{name}: planned with {_brief(was)}, now {_brief(now)}"


def _brief(version: str | None) -> str:
    if version is None:
        return "none"
    return f"sha256:{version[:12]}…" if len(version) == 64 else version


def _target(before: plan.Plan, after: plan.Plan) -> Iterator[str]:
    for system in sorted(before.target.keys() | after.target.keys()):
        was, now = before.target.get(system, ""), after.target.get(system, "")
        if was != now:
            yield f"identity of {system}: planned for {was}, now {now}"
    if before.purpose is not after.purpose:
        yield f"purpose: planned to {before.purpose.value}, now to {after.purpose.value}"


def _conflicts(before: plan.Plan, after: plan.Plan) -> Iterator[str]:
    known = set(before.conflicts)
    for one in after.conflicts:
        if one not in known:
            yield f"in the way now: {one.ref} ({one.owner or 'carries no owner label of ours'})"
    for one in before.conflicts:
        if one not in after.conflicts:
            yield f"no longer in the way: {one.ref}"


def _changes(before: plan.Plan, after: plan.Plan) -> Iterator[str]:
    planned = {c.ref: c for c in before.changes}
    wanted = {c.ref: c for c in after.changes}
    for ref, change in planned.items():
        now = wanted.get(ref)
        if now is None:
            yield f"no longer needed: {change.action.value} {_place(ref)}"
        else:
            yield from _differences(change, now)
    for ref, change in wanted.items():
        if ref not in planned:
            yield f"new: {_told(change)}"


def _rest(before: plan.Plan, after: plan.Plan) -> Iterator[str]:
    """What ``after`` would do that is no part of what was reviewed."""
    planned = {c.ref: c for c in before.changes}
    for change in after.changes:
        was = planned.get(change.ref)
        if was is None:
            yield f"new: {_told(change)}"
        elif was.action is plan.Action.UPDATE and change.action is plan.Action.UPDATE:
            known = set(map(_key, was.fields))
            yield from (
                f"{_place(change.ref)}: {_field(f)}, which was not planned"
                for f in change.fields
                if _key(f) not in known
            )
        elif (was.action is plan.Action.DELETE) != (change.action is plan.Action.DELETE):
            yield (
                f"{_place(change.ref)}: planned to {was.action.value}, now to {change.action.value}"
            )
        elif _wanted(was) != _wanted(change):
            yield f"{_place(change.ref)}: another content is wanted now"


def _differences(before: plan.Change, after: plan.Change) -> Iterator[str]:
    place = _place(before.ref)
    if before.action is not after.action:
        yield f"{place}: planned to {before.action.value}, now to {after.action.value}"
        return
    was, now = {f.path: f for f in before.fields}, {f.path: f for f in after.fields}
    for path in sorted(was.keys() | now.keys()):
        one, other = was.get(path), now.get(path)
        if one == other:
            continue
        if other is None:
            yield f"{place}: {path} needs no change any more"
        elif one is None:
            yield f"{place}: {_field(other)}, which was not planned"
        elif one.before != other.before:
            yield f"{place}: {path} was {_value(one.before)}, is {_value(other.before)} now"
        else:
            yield f"{place}: {path} was to become {_value(one.after)}, now {_value(other.after)}"
    if not before.fields and not after.fields and _wanted(before) != _wanted(after):
        yield f"{place}: another content is wanted now"


def _told(change: plan.Change) -> str:
    fields = "; ".join(map(_field, change.fields[:5]))
    return f"{change.action.value} {_place(change.ref)}" + (f" ({fields})" if fields else "")


def _place(ref: item.Ref) -> str:
    return f"{ref.engine.value} {ref}"


def _key(of: plan.FieldChange) -> str:
    return item.canonical([of.path, of.before, of.after])


def _wanted(change: plan.Change) -> str:
    return item.canonical(change.desired.fields if change.desired else None)


def _field(of: plan.FieldChange) -> str:
    return f"{of.path}: {_value(of.before)} -> {_value(of.after)}"


def _value(value: object) -> str:
    if value is None:
        return "(absent)"
    text = value if isinstance(value, str) else item.canonical(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
