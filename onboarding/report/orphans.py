"""Orphans as text and as JSON.

JSON: ``{environment, known, left, unread {system: why}, orphans [{agency, system, why, things,
remedy}]}``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from onboarding import counted, orphans

_MOST = 6


def text(
    environment: str,
    known: orphans.Known,
    found: Sequence[orphans.Orphan],
    unread: Mapping[str, str],
    *,
    verbose: bool = False,
) -> str:
    """Agency by agency, with what to do about each kind of orphan."""
    lines = [f"environment {environment}", ""]
    for agency, group in groupby(found, key=lambda o: o.agency):
        lines.append(agency)
        for one in group:
            things = counted.of(len(one.things), "thing")
            lines.append(f"  {one.system}: {things}: {one.why.value}")
            shown = one.things if verbose else one.things[:_MOST]
            lines += [f"    {thing}" for thing in shown]
            if len(shown) < len(one.things):
                lines.append(f"    … and {len(one.things) - len(shown)} more (--verbose)")
            lines.append(f"    -> {orphans.REMEDIES[one.why]}")
        lines.append("")
    lines += [f"? {system} could not be read: {why}" for system, why in unread.items()]
    lines.append(_summary(known, found))
    return "\n".join(lines)


def _summary(known: orphans.Known, found: Sequence[orphans.Orphan]) -> str:
    left = f", {len(known.gone)} left" if known.gone else ""
    of = f"{counted.of(len(known.manifests), 'agency')} with a manifest{left}"
    if not found:
        return f"No orphans: {of}."
    count = sum(len(o.things) for o in found)
    agencies = counted.of(len({o.agency for o in found}), "agency")
    return f"Orphans: {counted.of(count, 'thing')} of {agencies}; {of}."


def as_json(
    environment: str,
    known: orphans.Known,
    found: Sequence[orphans.Orphan],
    unread: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "environment": environment,
        "known": sorted(known.manifests),
        "left": sorted(known.gone),
        "unread": dict(unread),
        "orphans": [
            {
                "agency": one.agency,
                "system": one.system,
                "why": one.why.value,
                "things": list(one.things),
                "remedy": orphans.REMEDIES[one.why],
            }
            for one in found
        ],
    }
