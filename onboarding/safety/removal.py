"""Rules about what goes away: deletion, replacement, and too much of it at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from onboarding import normal_form, plan
from onboarding.safety import paths, table, words
from onboarding.safety.words import Facts, Hazard


def conflicts(of: plan.Plan) -> Iterator[Hazard]:
    """What someone else made must be moved or adopted first; nothing overrides that."""
    if of.conflicts:
        yield Hazard(
            words.CONFLICT,
            f"{len(of.conflicts)} object(s) in our place are not ours",
            tuple(f"{c.ref}: {_owner(c.owner)}" for c in of.conflicts),
        )


def _owner(owner: str) -> str:
    return f"belongs to agency {owner!r}" if owner else "carries no owner label of ours"


def deletions(of: plan.Plan, facts: Facts) -> Iterator[Hazard]:
    """Each deletion once as such, once more where it holds data, and where they are many."""
    deleted = [c for c in of.changes if c.action is plan.Action.DELETE]
    if deleted:
        yield _told(words.DELETION, f"the plan deletes {len(deleted)} object(s)", deleted)
    data = [c for c in deleted if c.holds_data]
    if data:
        message = f"the plan would delete {len(data)} object(s) that hold data"
        yield _told(words.DATA_DELETION, message, data)
    held = max(len(facts.live), len(deleted))
    share = table.threshold("mostDeletedShare")
    if len(deleted) >= table.threshold("fewestOfManyDeleted") and len(deleted) > share * held:
        yield Hazard(
            words.MASS_DELETION,
            f"the plan deletes {len(deleted)} of the agency's {held} objects "
            f"({100 * len(deleted) // held} %; more than {share * 100:.0f} % is unusual)",
            changes=tuple(deleted),
        )


def lasting(of: plan.Plan) -> Iterator[Hazard]:
    """What carries the agency's mark, is not wanted, and no run deletes; nothing overrides that."""
    rows = table.rows("neverDeleted")
    told = [
        (f"{c.ref}: {rows[c.ref.kind]['why']}", c)
        for c in of.changes
        if c.action is plan.Action.DELETE
        and c.ref.kind in rows
        and not re.fullmatch(rows[c.ref.kind].get("made", ""), c.ref.name)
    ]
    if told:
        message = f"the plan would delete {len(told)} object(s) that no run deletes"
        yield Hazard.of(words.LASTING, message, told)


def ending(of: plan.Plan, facts: Facts) -> Iterator[Hazard]:
    """What holds data, is wanted, and is being deleted; nothing takes a deletion back."""
    told = [
        (f"{c.ref}: it would be made anew, and empty", c)
        for c in of.changes
        if c.action is plan.Action.CREATE
        and (live := facts.live.get(c.ref))
        and live.ending
        and c.holds_data
    ]
    if told:
        message = f"{len(told)} object(s) that hold data are being deleted in the live system"
        yield Hazard.of(words.ENDING, message, told)


def vanished(of: plan.Plan) -> Iterator[Hazard]:
    """What held records and is gone: made anew it is empty, and everything looks in order again."""
    rows = table.rows("records")
    told = [
        (f"{c.ref}: {rows[c.ref.kind]['held']} are gone; restore them, or begin without", c)
        for c in of.changes
        if c.action is plan.Action.CREATE and c.reason == plan.VANISHED and c.ref.kind in rows
    ]
    if told:
        message = f"{len(told)} object(s) that held records vanished and would be made anew, empty"
        yield Hazard.of(words.VANISHED, message, told)


def replacements(of: plan.Plan) -> Iterator[Hazard]:
    """What holds data and changes in a field that its system can only change by making it anew."""
    replaced = [(c, p) for c in of.changes if loses(c) and (p := replacing(c))]
    if replaced:
        yield Hazard(
            words.REPLACEMENT,
            f"the plan would replace {len(replaced)} object(s) that hold data",
            tuple(
                f"{c.ref}: {', '.join(p)} cannot be changed in place; lost would be {loses(c)}"
                for c, p in replaced
            ),
            tuple(c for c, _ in replaced),
        )


def shrinking(of: plan.Plan) -> Iterator[Hazard]:
    """What its system does not let shrink; nothing overrides that."""
    told = []
    for change in of.changes:
        only_grows = table.rows("onlyGrows").get(change.ref.kind, {}).get("fields", ())
        told += [
            (f"{change.ref}: {f.path} {f.before} -> {f.after}", change)
            for f in change.fields
            if any(paths.touches(f.path, p) for p in only_grows) and _smaller(f)
        ]
    if told:
        message = f"the plan would make {len(told)} object(s) smaller that can only grow"
        yield Hazard.of(words.SHRINKING, message, told)


def loses(change: plan.Change) -> str:
    """What is lost when the object is made anew; "" where nothing is."""
    row = table.rows("replaced").get(change.ref.kind, {})
    return str(row.get("loses", "its data" if change.holds_data else ""))


def replacing(change: plan.Change) -> tuple[str, ...]:
    """The changed fields for which the object has to be made anew."""
    if change.action is not plan.Action.UPDATE:
        return ()
    row = table.rows("replaced").get(change.ref.kind, {})
    return tuple(
        f.path
        for f in change.fields
        if any(paths.touches(f.path, pattern) for pattern in row.get("fields", ()))
    )


def _smaller(changed: plan.FieldChange) -> bool:
    before, after = normal_form.quantity(changed.before), normal_form.quantity(changed.after)
    try:
        return bool(after < before)
    except TypeError:
        return True


def _told(rule: str, message: str, changes: Iterable[plan.Change]) -> Hazard:
    listed = tuple(changes)
    return Hazard(rule, message, tuple(str(c.ref) for c in listed), listed)
