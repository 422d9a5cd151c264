"""A plan as text for people: what would change, engine by engine, dangerous changes in full."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from onboarding import item, plan, plan_file
from onboarding.report import plan_view
from onboarding.report.plan_words import WORDS
from onboarding.safety import impact

_SIGNS = {plan.Action.CREATE: "+", plan.Action.UPDATE: "~", plan.Action.DELETE: "-"}
_LONGEST_VALUE = 70


def of(made: plan.Plan, *, verbose: bool = False) -> str:
    """New items are counted by kind (each is listed when ``verbose``); the rest stands in full."""
    lines: list[str] = []
    for engine in item.ENGINE_ORDER:
        changes = made.of(engine)
        if changes:
            lines += [f"{engine.value}", *_changes(changes, verbose=verbose), ""]
    if made.conflicts:
        lines += ["in the way", *(f"  ! {c.ref}: {_owner(c.owner)}" for c in made.conflicts), ""]
    return "\n".join([*lines, summary(made)])


def summary(made: plan.Plan) -> str:
    counts = made.counts()
    if not made.changes:
        return f"No changes: {made.unchanged} items are as the manifest wants them."
    return (
        f"Plan: {counts[plan.Action.CREATE]} to create, {counts[plan.Action.UPDATE]} to update, "
        f"{counts[plan.Action.DELETE]} to delete, {made.unchanged} unchanged."
        f"  Digest sha256:{made.digest}"
    )


def saved(
    of_file: plan_file.Saved, language: str, *, verbose: bool = False, expired: bool = False
) -> str:
    """A plan file: what it is for, what of it is grave, then each agency's plan."""
    words = WORDS[language]
    made = of_file.made
    kind = words["production" if made.production else "not production"]
    lines = [
        f"{words['environment']}: {made.environment} ({kind})",
        plan_view.made(made, words),
        plan_view.versions(of_file, words),
        f"{words['digest']}: sha256:{of_file.digest}",
    ]
    if expired:
        lines.append(words["expired"])
    for part in of_file.parts:
        lines += ["", *_part(part, words, language, verbose=verbose)]
    return "\n".join(lines)


def _part(
    part: plan_file.Part, words: Mapping[str, str], language: str, *, verbose: bool
) -> Iterator[str]:
    names = (
        f"{part.name_th} · {part.name_en}"
        if language == "th"
        else (f"{part.name_en} · {part.name_th}")
    )
    commit = f" ({part.manifest.commit})" if part.manifest.commit else ""
    yield f"{names} ({part.tenant_id}): {words[f'purpose {part.plan.purpose.value}']}"
    yield f"{words['manifest']}: {part.manifest.file}{commit}"
    yield ""
    grave = plan_view.dangerous(part.plan)
    if part.hazards or grave:
        yield words["dangerous"]
        for hazard in part.hazards:
            flag = f"  ({words['allowed by']} {hazard.flag})" if hazard.flag else ""
            yield f"  ! {hazard.message}{flag}"
            yield from (f"      {detail}" for detail in hazard.details)
        yield from _changes(grave, verbose=True)
        yield ""
    for gates, name in ((True, "gates"), (False, "open")):
        found = [f for f in part.findings if f.gates is gates]
        if found:
            yield words[name]
            yield from (f"  {f.control} {f.verdict.value}: {f.subject}: {f.seen}" for f in found)
            yield ""
    yield of(part.plan, verbose=verbose)


def brief(made: plan.Plan) -> str:
    """The counts and the digest on one line, for a list of agencies."""
    counts = made.counts()
    return (
        f"{counts[plan.Action.CREATE]} to create, {counts[plan.Action.UPDATE]} to update, "
        f"{counts[plan.Action.DELETE]} to delete  sha256:{made.digest}"
    )


def _changes(changes: tuple[plan.Change, ...], *, verbose: bool) -> Iterator[str]:
    brief: Counter[tuple[str, str]] = Counter()
    for change in changes:
        told = verbose or change.reason in (plan.VANISHED, plan.ENDING)
        if change.action is plan.Action.CREATE and not told:
            brief[(change.ref.kind, change.reason)] += 1
            continue
        marks = ", ".join(filter(None, [change.reason, "holds data" if change.holds_data else ""]))
        yield f"  {_SIGNS[change.action]} {change.ref}  ({marks})"
        yield from (_field(f) for f in change.fields)
        yield from _meaning(change, verbose=verbose)
    width = max((len(kind) for kind, _ in brief), default=0)
    for (kind, reason), count in sorted(brief.items()):
        yield f"  + {kind:<{width}}  {count:>4}  ({reason})"


def _meaning(change: plan.Change, *, verbose: bool) -> Iterator[str]:
    means = impact.of(change)
    if means.interrupts:
        yield f"      people notice: {means.interrupts}"
    if verbose and means.controls:
        yield f"      controls: {', '.join(means.controls)}"


def _field(changed: plan.FieldChange) -> str:
    return f"      {changed.path}: {_short(changed.before)} -> {_short(changed.after)}"


def _short(value: Any) -> str:
    if value is None:
        return "(absent)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _owner(owner: str) -> str:
    return f"belongs to agency {owner}" if owner else "is not ours"
