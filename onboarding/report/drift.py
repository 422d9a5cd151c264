"""Drift as text for people and as JSON for machines.

JSON of one agency: ``{tenant, recorded, asApplied, drifted, waiting, unread {engine: why},
differences [{engine, kind, scope, name, what, cause, owner, who, fields [{path, applied, live,
wanted, cause, who}]}]}``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from onboarding import counted, drift, item
from onboarding.engines import authors

_SIGNS = {
    drift.What.CHANGED: "~",
    drift.What.DELETED: "-",
    drift.What.ADDED: "+",
    drift.What.TAKEN: "!",
}
_LONGEST_VALUE = 70
_MOST_FIELDS = 8
_MOST_OBJECTS = 30
_NOT_KNOWN = "by whom is not known"


def text(title: str, of: drift.Drift, *, verbose: bool = False) -> str:
    """Engine by engine; long lists are cut, and say so, unless ``verbose``."""
    lines = [title, ""]
    for engine in item.ENGINE_ORDER:
        drifted = [d for d in of.drifted if d.ref.engine is engine]
        if engine in of.unread:
            lines += [f"{engine.value}", f"  ? could not be read: {of.unread[engine]}", ""]
        if drifted:
            lines += [engine.value, *_objects(drifted, verbose=verbose), ""]
    waiting = of.waiting
    if waiting:
        lines += ["in the manifest, and not applied yet", *_waiting(waiting, verbose=verbose), ""]
    return "\n".join([*lines, summary(of)])


def summary(of: drift.Drift) -> str:
    """One line: how much drifted, and what to do about it."""
    if of.waiting and not of.recorded:
        return (
            "Nothing is recorded as applied, so drift cannot be told: "
            f"{counted.of(len(of.waiting), 'object')} not as in the manifest."
            " See: onboard plan FILE"
        )
    waiting = f" {len(of.waiting)} wait in the manifest to be applied." if of.waiting else ""
    if of.unread:
        unread = ", ".join(sorted(e.value for e in of.unread))
        waiting = f"{waiting} Not read, so not known: {unread}."
    as_applied = f"{counted.of(of.as_applied, 'object')} as applied"
    if not of.drifted:
        return f"No drift: {as_applied}.{waiting}"
    counts = Counter(d.what for d in of.drifted)
    parts = ", ".join(f"{counts[what]} {what.value}" for what in drift.What if counts[what])
    return f"Drift: {parts}; {as_applied}.{waiting}"


def _objects(found: list[drift.Difference], *, verbose: bool) -> Iterator[str]:
    most = len(found) if verbose else _MOST_OBJECTS
    for one in found[:most]:
        told = f": {_owner(one.owner)}" if one.what is drift.What.TAKEN else ""
        by = "" if one.what is drift.What.CHANGED else f"  {_by(one.who)}"
        yield f"  {_SIGNS[one.what]} {one.ref}  ({one.what.value}{told}){by}"
        shown = one.leaves if verbose else one.leaves[:_MOST_FIELDS]
        for leaf in shown:
            if leaf.cause is not drift.Cause.CHANGE:
                yield from _leaf(leaf)
        if len(shown) < len(one.leaves):
            hidden = counted.of(len(one.leaves) - len(shown), "field")
            yield f"      … and {hidden} more (--verbose)"
    if most < len(found):
        yield f"  … and {counted.of(len(found) - most, 'object')} more (--verbose)"


def _leaf(leaf: drift.Leaf) -> Iterator[str]:
    yield f"      {leaf.path}: {_short(leaf.live)}, applied {_short(leaf.applied)}  {_by(leaf.who)}"
    if leaf.cause is drift.Cause.BOTH:
        yield f"        and the manifest now wants {_short(leaf.wanted)}"


def _waiting(found: tuple[drift.Difference, ...], *, verbose: bool) -> Iterator[str]:
    if verbose:
        yield from (f"  {_SIGNS[d.what]} {d.ref}" for d in found)
        return
    counts = Counter((d.what, d.ref.kind) for d in found)
    for (what, kind), count in sorted(counts.items()):
        yield f"  {_SIGNS[what]} {kind}  {count}"


def _by(who: authors.Who | None) -> str:
    return f"[{who.name}, {who.how}, {who.when}]" if who else f"[{_NOT_KNOWN}]"


def _owner(owner: str) -> str:
    return f"marked as agency {owner}'s" if owner else "it carries no mark of ours any more"


def _short(value: Any) -> str:
    if value is None:
        return "(absent)"
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    shown = " ".join(shown.split()) or '""'
    return shown if len(shown) <= _LONGEST_VALUE else shown[: _LONGEST_VALUE - 1] + "…"


def as_json(of: drift.Drift) -> dict[str, Any]:
    return {
        "tenant": of.tenant_id,
        "recorded": of.recorded,
        "asApplied": of.as_applied,
        "drifted": len(of.drifted),
        "waiting": len(of.waiting),
        "unread": {engine.value: why for engine, why in of.unread.items()},
        "differences": [_difference(d) for d in of.differences],
    }


def _difference(of: drift.Difference) -> dict[str, Any]:
    ref = of.ref
    return {
        "engine": ref.engine.value,
        "kind": ref.kind,
        "scope": ref.scope,
        "name": ref.name,
        "what": of.what.value,
        "cause": of.cause.value,
        "owner": of.owner if of.what is drift.What.TAKEN else None,
        "who": _who(of.who),
        "fields": [
            {
                "path": leaf.path,
                "applied": leaf.applied,
                "live": leaf.live,
                "wanted": leaf.wanted,
                "cause": leaf.cause.value,
                "who": _who(leaf.who),
            }
            for leaf in of.leaves
        ],
    }


def _who(who: authors.Who | None) -> dict[str, str] | None:
    if who is None:
        return None
    return {"name": who.name, "how": who.how, "when": who.when, "source": who.source}
