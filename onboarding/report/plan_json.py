"""A plan as JSON for machines.

Shape: ``{tenant, digest, target, counts {create, update, delete, unchanged}, conflicts [...],
changes [{engine, kind, scope, name, action, reason, holdsData, fields [{path, before, after}]}]}``.
"""

from __future__ import annotations

from typing import Any

from onboarding import plan


def of(made: plan.Plan) -> dict[str, Any]:
    return {
        "tenant": made.tenant_id,
        "digest": f"sha256:{made.digest}",
        "target": dict(made.target),
        "counts": {
            **{action.value: count for action, count in made.counts().items()},
            "unchanged": made.unchanged,
        },
        "conflicts": [{"object": str(c.ref), "owner": c.owner} for c in made.conflicts],
        "changes": [change(c) for c in made.changes],
    }


def change(of_one: plan.Change) -> dict[str, Any]:
    ref = of_one.ref
    return {
        "engine": ref.engine.value,
        "kind": ref.kind,
        "scope": ref.scope,
        "name": ref.name,
        "action": of_one.action.value,
        "reason": of_one.reason,
        "holdsData": of_one.holds_data,
        "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in of_one.fields],
    }
