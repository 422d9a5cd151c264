"""What another version would change for agencies, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from onboarding import plan, rendering
from onboarding.report import plan_json

_SIGNS = {plan.Action.CREATE: "+", plan.Action.UPDATE: "~", plan.Action.DELETE: "-"}
_MOST_AGENCIES = 5


def order(of: rendering.Impact) -> tuple[bool, int, int, str]:
    """What needs a person first: would be refused, deletes, changes; then by name."""
    deleted = sum(c.action is plan.Action.DELETE for c in of.changes)
    return not of.refused, -deleted, -len(of.changes), of.tenant_id


def text(found: Sequence[rendering.Impact], *, verbose: bool) -> str:
    """Agencies, most concerned first, and what changes in how many of them."""
    changed = [one for one in found if one.any]
    lines = [f"{len(changed)} of {len(found)} agencies would change."]
    if not changed:
        return lines[0]
    width = max(len(one.tenant_id) for one in changed)
    lines += ["", *(f"  {one.tenant_id:<{width}}  {_summary(one)}" for one in changed), ""]
    if verbose:
        for one in changed:
            lines += [one.tenant_id, *_details(one), ""]
    else:
        lines += ["What changes, and in whom", *_kinds(changed), ""]
        lines.append("Each change of each agency: --verbose")
    return "\n".join(lines).rstrip("\n")


def _summary(one: rendering.Impact) -> str:
    counts = Counter(c.action for c in one.changes)
    told = [f"{counts[action]} to {action.value}" for action in plan.Action if counts[action]] or [
        "nothing to write"
    ]
    data = sum(c.holds_data and c.action is plan.Action.DELETE for c in one.changes)
    if data:
        told.append(f"{data} of them hold data")
    if one.opened:
        told.append("newly open: " + ", ".join(dict.fromkeys(o[0] for o in one.opened)))
    if one.closed:
        told.append("no longer open: " + ", ".join(dict.fromkeys(o[0] for o in one.closed)))
    if one.refused:
        told.append("apply would refuse it")
    return ", ".join(told)


def _details(one: rendering.Impact) -> Iterator[str]:
    for change in one.changes:
        marks = ", holds data" if change.holds_data else ""
        yield f"  {_SIGNS[change.action]} {change.ref}  ({change.reason}{marks})"
        for f in change.fields:
            yield f"      {f.path}: {_short(f.before)} -> {_short(f.after)}"
    for control, subject, verdict, gates in one.opened:
        yield f"  ! {control} {subject}: {verdict}{' (gates apply)' if gates else ''}"
    for control, subject, _, _ in one.closed:
        yield f"  . {control} {subject}: no longer open"


def _kinds(changed: Sequence[rendering.Impact]) -> Iterator[str]:
    """One line a kind and field, so that a change of all agencies is read once."""
    whom: dict[tuple[str, str, str], dict[str, int]] = {}
    for one in changed:
        for change in one.changes:
            paths = [f.path for f in change.fields] or [""]
            for path in paths:
                key = (_SIGNS[change.action], change.ref.kind, path)
                counted = whom.setdefault(key, {})
                counted[one.tenant_id] = counted.get(one.tenant_id, 0) + 1
    for (sign, kind, path), agencies in sorted(whom.items(), key=lambda e: (e[0][1:], e[0][0])):
        names = [*agencies][:_MOST_AGENCIES]
        more = len(agencies) - len(names)
        listed = ", ".join(names) + (f" and {more} more" if more else "")
        yield f"  {sign} {kind}{' ' + path if path else ''}  {sum(agencies.values())} in {listed}"


def _short(value: Any) -> str:
    told = "(absent)" if value is None else str(value)
    return told if len(told) <= 60 else told[:59] + "…"


def json(found: Sequence[rendering.Impact]) -> dict[str, Any]:
    """``{agencies, changed, tenants [{tenant, refused, changes, unchanged, opened, closed}]}``."""
    return {
        "agencies": len(found),
        "changed": sum(one.any for one in found),
        "tenants": [
            {
                "tenant": one.tenant_id,
                "refused": one.refused,
                "unchanged": one.unchanged,
                "changes": [plan_json.change(c) for c in one.changes],
                "opened": [_open(o) for o in one.opened],
                "closed": [_open(o) for o in one.closed],
            }
            for one in found
        ],
    }


def _open(of: tuple[str, str, str, bool]) -> dict[str, Any]:
    control, subject, verdict, gates = of
    return {"control": control, "subject": subject, "verdict": verdict, "gates": gates}
