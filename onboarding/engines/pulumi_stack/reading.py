"""What the cluster holds for tenants: one LIST per kind for all of them, by owner label.

A LIST by label doesn't show what stands in our place without our label, so every object that is
wanted and was not listed is asked for by name, where its namespace exists at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from onboarding import environment, item, kube, labels, tenant
from onboarding.desired import cluster as wanted
from onboarding.engines.pulumi_stack import evidence as extra
from onboarding.engines.pulumi_stack import live
from onboarding.kube import kinds

_USED = ("ResourceQuota",)
"""Kinds whose use is read with every plan: a quota is not set below it unseen."""
_MOST_NAMED = 20
"""Agencies that are named in a selector; beyond that all of ours are listed."""

Found = dict[item.Ref, item.Item]


@dataclass(slots=True)
class Seen:
    """Items by agency while they are being gathered."""

    of: dict[str, Found] = field(default_factory=dict)

    def add(self, agency: str, thing: item.Item) -> None:
        self.of.setdefault(agency, {})[thing.ref] = thing

    def observation(self, read: Iterable[str], unread: Mapping[str, str]) -> item.Observation:
        items = {agency: tuple(found.values()) for agency, found in self.of.items()}
        return item.Observation(items, frozenset(read), dict(unread))


def observe(
    cluster: kube.Cluster,
    target: environment.Environment,
    tenants: Sequence[tenant.Tenant],
    *,
    evidence: bool = False,
) -> item.Observation:
    """Everything of the owned kinds that is ours, or stands in our place.

    With ``evidence`` also everything else in the tenants' namespaces, their pods, the cluster's
    role bindings and what access reviews answer; that needs the rights of the auditor.
    """
    seen = Seen({t.id: {} for t in tenants})
    selector = _selector(tenants)
    for kind, objects in cluster.list_kinds(kinds.STACK, selector=selector).items():
        for found in objects:
            agency = labels.owner(found["metadata"].get("labels"))
            if agency in seen.of and not live.of_another_engine(kind, found):
                seen.add(agency, live.of(kind, found, status=evidence or kind in _USED))
    for of in tenants:
        for thing in _unlisted(cluster, target, of, seen.of[of.id]):
            seen.add(of.id, thing)
    if not evidence:
        return seen.observation(kinds.STACK, {})
    more = extra.gather(cluster, target, tenants)
    for agency, things in more.items.items():
        for thing in things:
            if thing.ref not in seen.of.get(agency, {}):
                seen.add(agency, thing)
    return seen.observation({*kinds.STACK, *more.read}, more.unread)


def _selector(tenants: Sequence[tenant.Tenant]) -> str:
    ours = f"{labels.MANAGED_BY}={labels.MANAGER}"
    if len(tenants) > _MOST_NAMED:
        return ours
    ids = ",".join(sorted(t.id for t in tenants))
    return f"{ours},{labels.AGENCY} in ({ids})"


def _unlisted(
    cluster: kube.Cluster, target: environment.Environment, of: tenant.Tenant, listed: Found
) -> list[item.Item]:
    """What stands, without our label, where an object of this tenant should be."""
    missing = [i.ref for i in wanted.desired(of, target) if i.ref not in listed]
    spaces = _named(cluster, [ref for ref in missing if ref.kind == "Namespace"])
    there = {r.name: i for r, i in listed.items() if r.kind == "Namespace"}
    there |= {i.ref.name: i for i in spaces}
    inside = [ref for ref in missing if ref.kind != "Namespace" and ref.scope in there]
    return spaces + [_adopted(i, there[i.ref.scope]) for i in _named(cluster, inside)]


def _named(cluster: kube.Cluster, refs: Sequence[item.Ref]) -> list[item.Item]:
    answers = cluster.get_all([(r.kind, r.scope, r.name) for r in refs])
    return [
        live.of(ref.kind, found)
        for ref, found in zip(refs, answers, strict=True)
        if found is not None
    ]


def _adopted(of: item.Item, namespace: item.Item) -> item.Item:
    """Kubernetes makes the service account "default" itself; in our namespace it is ours."""
    unmarked = not of.owner and of.ref.kind == "ServiceAccount" and of.ref.name == "default"
    if not unmarked:
        return of
    return replace(of, owner=namespace.owner)
