"""Adoption: objects in an agency's place that nobody of ours made become the agency's.

Only what carries no mark at all can be adopted; what is another agency's stays that agency's. An
adopted object is marked and nothing else: the plan that follows shows and makes every change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from onboarding import errors, item, plan

ENGINES = frozenset({item.EngineName.VAULT, item.EngineName.SSO, item.EngineName.CLUSTER})


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object in our place: as it is, what ``apply`` would change of it once it is ours.

    ``lost`` are the changes that take something away.
    """

    live: item.Item
    changes: tuple[plan.FieldChange, ...]

    @property
    def ref(self) -> item.Ref:
        return self.live.ref

    @property
    def lost(self) -> tuple[plan.FieldChange, ...]:
        return tuple(c for c in self.changes if c.after is None)


@dataclass(frozen=True, slots=True)
class Offer:
    """What stands in an agency's place: what may be adopted, and what never may."""

    candidates: tuple[Candidate, ...]
    never: tuple[plan.Conflict, ...]


def offer(tenant_id: str, desired: Iterable[item.Item], observed: Iterable[item.Item]) -> Offer:
    """Pure. What would change is what a plan says of the same objects, were they ours."""
    live = {i.ref: i for i in observed}
    wanted = {i.ref: i for i in desired}
    never = []
    candidates = []
    for conflict in plan.diff(tenant_id, wanted.values(), live.values(), target={}).conflicts:
        if _follows_its_namespace(live[conflict.ref], live):
            continue
        if conflict.owner or conflict.ref.engine not in ENGINES:
            never.append(conflict)
            continue
        as_ours = replace(live[conflict.ref], owner=tenant_id)
        made = plan.diff(tenant_id, [wanted[conflict.ref]], [as_ours], target={})
        fields = tuple(f for change in made.changes for f in change.fields)
        candidates.append(Candidate(live[conflict.ref], fields))
    return Offer(tuple(candidates), tuple(never))


def _follows_its_namespace(of: item.Item, live: Mapping[item.Ref, item.Item]) -> bool:
    """Kubernetes makes the account "default" in each namespace: whose that is, its account is."""
    ref = of.ref
    if (ref.engine, ref.kind, ref.name) != (item.EngineName.CLUSTER, "ServiceAccount", "default"):
        return False
    namespace = live.get(item.Ref(item.EngineName.CLUSTER, "Namespace", "", ref.scope))
    return namespace is not None and of.owner in ("", namespace.owner)


def chosen(of: Offer, names: Collection[str], *, every: bool) -> tuple[Candidate, ...]:
    """The candidates that were named (as ``str(ref)`` spells them), or every one.

    Raises ``errors.UsageError`` for a name that is not offered, ``errors.Refused`` for one that
    may never be adopted.
    """
    if every:
        return of.candidates
    never = [c for c in of.never if str(c.ref) in names]
    if never:
        raise errors.Refused(
            f"{len(never)} of the objects cannot be adopted",
            details=list(_why(never)),
            resolution="What is another agency's must be moved or removed by that agency.",
        )
    offered = {str(c.ref): c for c in of.candidates}
    unknown = sorted(set(names) - offered.keys())
    if unknown:
        raise errors.UsageError(
            f"nothing of that name stands in the agency's place: {', '.join(unknown)}",
            details=sorted(offered),
            resolution="Write an object as it is shown, e.g. 'Namespace ga-moph-prod'.",
        )
    return tuple(offered[name] for name in sorted(names))


def _why(never: Iterable[plan.Conflict]) -> Iterator[str]:
    for conflict in never:
        whose = f"it is agency {conflict.owner}'s" if conflict.owner else "it carries no mark"
        yield f"{conflict.ref}: {whose}"
