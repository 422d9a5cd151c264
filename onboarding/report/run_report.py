"""How an apply ended, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onboarding import item, plan, reconcile, tenant
from onboarding.report import plan_json


def text(title: str, run: reconcile.Run, *, ready: bool | None) -> str:
    """What was made, where to look, how long each engine took, and whether it is ready."""
    lines = [title, ""]
    if not run.outcomes:
        lines.append(
            f"No changes: {run.prepared.plan.unchanged} items are as the manifest wants them."
        )
    for engine, seconds in run.seconds.items():
        ended = [o for o in run.outcomes if o.change.ref.engine is engine]
        done = sum(o.status is plan.Status.APPLIED for o in ended)
        lines.append(f"  {engine.value:<18} {done:>4} of {len(ended):>4} changes  {seconds:6.1f} s")
    skipped = run.count(plan.Status.NOT_ATTEMPTED)
    if skipped:
        lines.append(f"  not attempted: {skipped} changes")
    lines += ["", *places(run.prepared.tenant, run.prepared.desired)] if run.failure is None else []
    lines += ["", _state(run, ready)]
    return "\n".join(lines)


def places(of: tenant.Tenant, desired: Sequence[item.Item]) -> list[str]:
    """Where each instance answers; one without an Ingress among the desired items has no pods."""
    answering = {i.ref.scope for i in desired if i.ref.kind == "Ingress"}
    width = max((len(i.namespace) for i in of.instances), default=0)
    return [
        f"  {i.namespace:<{width}}  https://{i.host}  ({i.users} users)"
        if i.namespace in answering
        else f"  {i.namespace:<{width}}  namespace only: no image (images.others.{i.kind}) is set"
        for i in of.instances
    ]


def _state(run: reconcile.Run, ready: bool | None) -> str:
    if run.failure is not None:
        return "State: incomplete. Run the same command again: it goes on from here."
    match ready:
        case True:
            return "State: ready. Every gating control passes on the live systems."
        case False:
            return "State: applied, not ready. What stands open is listed below."
        case _:
            return "State: applied, not verified."


def json(run: reconcile.Run, *, ready: bool | None) -> dict[str, Any]:
    return {
        "tenant": run.prepared.tenant.id,
        "digest": f"sha256:{run.prepared.plan.digest}",
        "ready": ready,
        "counts": {status.value: run.count(status) for status in plan.Status},
        "unchanged": run.prepared.plan.unchanged,
        "seconds": {engine.value: round(s, 2) for engine, s in run.seconds.items()},
        "outcomes": [
            {
                **plan_json.change(o.change),
                "status": o.status.value,
                "error": str(o.error) if o.error else None,
            }
            for o in run.outcomes
        ],
    }
