"""NET: what of an agency the public reaches, and which hosts outside its systems reach."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import item, policy
from onboarding.desired import egress
from onboarding.policies import judge
from onboarding.policy import Severity, Stage

CLUSTER = item.EngineName.CLUSTER
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})


def _hosts(of: item.Item) -> set[str]:
    """Hosts that a network policy opens at the egress gateway, by its annotation."""
    notes = (of.fields.get("metadata") or {}).get("annotations") or {}
    return set(filter(None, str(notes.get(egress.HOSTS) or "").split(",")))


def outside_hosts(view: policy.View) -> Iterator[policy.Result]:
    """The gateway is told of exactly the hosts that the manifest agrees on, by all policies."""
    found = view.items(CLUSTER, "NetworkPolicy")
    for instance in view.tenant.instances:
        agreed = set(egress.hosts(view.tenant, instance))
        opened = {h for p in found if p.ref.scope == instance.namespace for h in _hosts(p)}
        wrong = [f"{host} is open, and not agreed" for host in sorted(opened - agreed)]
        wrong += [f"{host} is agreed, and not open" for host in sorted(agreed - opened)]
        good = ", ".join(sorted(agreed)) or "no host outside"
        yield judge.problems(f"Namespace {instance.namespace}", wrong, good)


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="NET-012",
        title_en="Hosts outside are those agreed on",
        title_th="เข้าถึงปลายทางภายนอกได้เฉพาะที่ตกลงไว้",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=outside_hosts,
        remedy_en="Run apply to restore the list of the egress gateway.",
        remedy_th="ดำเนินการ apply เพื่อคืนค่ารายการปลายทางของเกตเวย์ขาออก",
    ),
)
