"""How an apply ended, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onboarding import counted, environment, names, plan, reconcile, tenant
from onboarding.report import plan_json


def text(title: str, run: reconcile.Run, *, ready: bool | None, pending: Sequence[str] = ()) -> str:
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
        lines.append(f"  not attempted: {counted.of(skipped, 'change')}")
    if run.failure is None:
        lines += ["", *places(run.prepared.tenant, run.prepared.environment)]
    lines += ["", _state(run, ready, pending)]
    return "\n".join(lines)


def places(of: tenant.Tenant, target: environment.Environment) -> list[str]:
    """Where each instance answers, or that it has no pods yet."""
    width = max((len(i.namespace) for i in of.instances), default=0)
    return [
        f"  {i.namespace:<{width}}  "
        + (f"{_address(i)}  ({i.users} users)" if target.images.of(i.kind) else _waits(i))
        for i in of.instances
    ]


def waiting(of: tenant.Tenant, target: environment.Environment) -> list[str]:
    """Open points of a plan: systems that stay a namespace, one line each."""
    return [
        f"open: {i.namespace}: {_waits(i)}" for i in of.instances if not target.images.of(i.kind)
    ]


def _address(instance: tenant.Instance) -> str:
    return f"https://{instance.host}" if instance.host else "no way in from outside"


def _waits(instance: tenant.Instance) -> str:
    key = "eOffice" if instance.kind == names.E_OFFICE else f"others.{instance.kind}"
    return f"namespace only: no image (images.{key}) is set"


def state(ready: bool | None) -> str:
    """How an agency stands after an apply that did everything, in a few words."""
    if ready is None:
        return "applied, not verified"
    return "ready" if ready else "applied, not ready"


def _state(run: reconcile.Run, ready: bool | None, pending: Sequence[str]) -> str:
    if run.failure is not None:
        return "State: incomplete. Run the same command again: it goes on from here."
    match ready:
        case True if pending:
            held = ", ".join(pending)
            return f"State: ready, but for what waits for its peer: {held}. See below."
        case True:
            return "State: ready. Every gating control passes on the live systems."
        case False:
            return "State: applied, not ready. What stands open is listed below."
        case _:
            return "State: applied, not verified."


def json(run: reconcile.Run, *, ready: bool | None, pending: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "tenant": run.prepared.tenant.id,
        "digest": f"sha256:{run.prepared.plan.digest}",
        "ready": ready,
        "pending": list(pending),
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
