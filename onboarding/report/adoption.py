"""An adoption as text and as JSON.

JSON: ``{tenant, candidates [{object, changes [{path, live, wanted}], lost, adopted}], never
[{object, owner}]}``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from onboarding import adoption, plan

_LONGEST_VALUE = 70
_MOST = 8


def text(
    title: str,
    offer: adoption.Offer,
    picked: Collection[adoption.Candidate],
    *,
    verbose: bool = False,
) -> str:
    """Each object in the agency's place: what would change of it, and what would be lost."""
    lines = [title, ""]
    for one in offer.candidates:
        sign = "*" if one in picked else " "
        lines += [f"{sign} {one.ref}", *_changes(one, verbose=verbose)]
    if offer.never:
        lines += ["", "never adopted"]
        lines += [f"  ! {c.ref}: {_owner(c)}" for c in offer.never]
    if not offer.candidates and not offer.never:
        return "\n".join(
            [*lines, "Nothing stands in the agency's place: there is nothing to adopt."]
        )
    lines.append("")
    if picked:
        lines.append(f"{len(picked)} of {len(offer.candidates)} objects would be marked (*).")
    elif offer.candidates:
        lines.append(
            f"{len(offer.candidates)} object(s) may be adopted: name them with --object, or take "
            "--all-in-place."
        )
    return "\n".join(lines)


def done(picked: Sequence[adoption.Candidate], file: str) -> str:
    return (
        f"{len(picked)} object(s) are marked as the agency's; nothing else of them was changed.\n"
        f"Go on: onboard plan {file}    then: onboard apply {file}"
    )


def _changes(of: adoption.Candidate, *, verbose: bool) -> Iterator[str]:
    if not of.changes:
        yield "      as the manifest wants it"
    kept = [c for c in of.changes if c not in of.lost]
    for word, fields in (("changes", kept), ("is lost", list(of.lost))):
        shown = fields if verbose else fields[:_MOST]
        yield from (_field(word, f) for f in shown)
        if len(shown) < len(fields):
            yield f"      … {len(fields) - len(shown)} more {word} (--verbose)"


def _field(word: str, of: plan.FieldChange) -> str:
    after = "" if of.after is None else f" -> {_short(of.after)}"
    return f"      {word}: {of.path}: {_short(of.before)}{after}"


def _owner(of: plan.Conflict) -> str:
    return f"it is agency {of.owner}'s" if of.owner else "the engine has no mark for it"


def _short(value: Any) -> str:
    if value is None:
        return "(absent)"
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    shown = " ".join(shown.split()) or '""'
    return shown if len(shown) <= _LONGEST_VALUE else shown[: _LONGEST_VALUE - 1] + "…"


def as_json(
    tenant_id: str, offer: adoption.Offer, adopted: Collection[adoption.Candidate]
) -> dict[str, Any]:
    return {
        "tenant": tenant_id,
        "candidates": [
            {
                "object": str(one.ref),
                "changes": [
                    {"path": c.path, "live": c.before, "wanted": c.after} for c in one.changes
                ],
                "lost": [c.path for c in one.lost],
                "adopted": one in adopted,
            }
            for one in offer.candidates
        ],
        "never": [{"object": str(c.ref), "owner": c.owner} for c in offer.never],
    }
