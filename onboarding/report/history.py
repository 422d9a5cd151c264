"""History as text, one line a run or act, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from onboarding import history

_DIGEST = re.compile("[0-9a-f]{40,64}")
_SHORT = 12
"""Characters of a digest or commit that tell it from others at a glance."""


def text(acts: Sequence[history.Act], *, verbose: bool = False) -> str:
    """A table, oldest first; with ``verbose`` every change and detail below its line."""
    if not acts:
        return "nothing was done yet"
    rows = [(f"{a.at[:19]}Z", a.tenant, a.what, _origin(a), _outcome(a)) for a in acts]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines: list[str] = []
    for act, row in zip(acts, rows, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[4], f"({row[3]})" if row[3] else ""]).rstrip())
        if verbose:
            lines += (f"    {line}" for line in _below(act))
    return "\n".join(lines)


def json(act: history.Act) -> dict[str, Any]:
    """One run or act, stable for machines; empty texts are null."""
    return {
        "tenant": act.tenant,
        "at": act.at,
        "ended": act.ended or None,
        "what": act.what,
        "outcome": act.outcome or None,
        "by": act.by or None,
        "commit": act.commit or None,
        "plan": f"sha256:{act.plan}" if act.plan else None,
        "purpose": act.purpose or None,
        "ready": act.ready,
        "changes": act.statuses(),
        "details": act.details,
        "steps": [
            {"at": s.at, "ref": s.ref, "action": s.action, "status": s.status} for s in act.steps
        ],
    }


def _outcome(act: history.Act) -> str:
    if not act.is_run:
        return _told(act)
    counted = ", ".join(f"{n} {status}" for status, n in act.statuses().items())
    parts = [act.outcome]
    parts += [counted] if counted else ["no change"] if act.ended and act.plan else []
    if act.ready is not None:
        parts.append("ready" if act.ready else "not ready")
    return ", ".join(parts)


def _told(act: history.Act) -> str:
    """What an act says about itself, in one line."""
    if act.what == "verified":
        verdicts = ("fail", "unknown", "pass")
        counted = ", ".join(f"{act.details[v]} {v}" for v in verdicts if act.details.get(v))
        return ("ready, " if act.details.get("ready") else "not ready, ") + counted
    told = (f"{name} {_short(_shown(value))}" for name, value in act.details.items() if value)
    return ", ".join(told)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "+".join(str(one) for one in value)
    if isinstance(value, dict):
        return " ".join(f"{name}={one}" for name, one in value.items())
    return str(value)


def _short(value: str) -> str:
    """A digest by its beginning; anything else whole."""
    return value[:_SHORT] if _DIGEST.fullmatch(value) else value


def _origin(act: history.Act) -> str:
    """By whom, from which plan and which commit."""
    parts = (
        f"by {act.by}" if act.by else "",
        f"plan {act.plan[:_SHORT]}" if act.plan else "",
        f"commit {act.commit[:_SHORT]}" if act.commit else "",
    )
    return ", ".join(part for part in parts if part)


def _below(act: history.Act) -> Iterator[str]:
    if act.details:
        yield from (f"{name}: {_shown(value)}" for name, value in act.details.items())
    if act.plan:
        yield f"plan: sha256:{act.plan}"
    for step in act.steps:
        yield f"{step.at[11:19]}Z  {step.status:<13}  {step.action:<6}  {step.ref}"
