"""Small plans and facts for the safety rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from onboarding import item, plan, safety

AGENCY = "moph"
CLUSTER = item.EngineName.CLUSTER


def thing(
    kind: str,
    name: str,
    fields: dict[str, Any] | None = None,
    *,
    engine: item.EngineName = CLUSTER,
    scope: str = "ga-moph-prod",
    owner: str = AGENCY,
    data: bool = False,
) -> item.Item:
    return item.Item(item.Ref(engine, kind, scope, name), fields or {}, owner, data)


def judge(
    desired: Sequence[item.Item],
    live: Sequence[item.Item],
    applied: Sequence[item.Item] | None = None,
    *,
    established: bool = True,
    roles: Sequence[str] = (),
    purpose: plan.Purpose = plan.Purpose.APPLY,
    amended: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> dict[str, safety.Hazard]:
    """Hazards by rule; ``applied`` is what is live where a test does not say otherwise."""
    last = [i for i in live if i.owner == AGENCY] if applied is None else applied
    made = plan.diff(AGENCY, desired, live, last, target={}, purpose=purpose)
    facts = safety.Facts(
        live={i.ref: i for i in live if i.owner == AGENCY},
        applied={i.ref: i for i in last},
        established=established,
        roles=frozenset(roles),
        amended=amended,
    )
    found = safety.judge(made, facts)
    by_rule = {h.rule: h for h in found}
    assert len(by_rule) == len(found), "each rule speaks once"
    return by_rule
