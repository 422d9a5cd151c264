"""A plan as JSON for machines.

Shape: ``{tenant, digest, target, counts {create, update, delete, unchanged}, conflicts [...],
changes [{engine, kind, scope, name, action, reason, holdsData, interrupts, data, controls [id],
fields [{path, before, after}]}]}``.
"""

from __future__ import annotations

from typing import Any

from onboarding import plan
from onboarding.safety import impact


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
    ref, means = of_one.ref, impact.of(of_one)
    return {
        "engine": ref.engine.value,
        "kind": ref.kind,
        "scope": ref.scope,
        "name": ref.name,
        "action": of_one.action.value,
        "reason": of_one.reason,
        "holdsData": of_one.holds_data,
        "interrupts": means.interrupts,
        "data": means.data,
        "controls": list(means.controls),
        "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in of_one.fields],
    }
