"""The rule about network paths: what opens after the agency's first apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from onboarding import item, labels, plan
from onboarding.desired import egress
from onboarding.safety import network, words
from onboarding.safety.words import Facts, Hazard

_POLICY, _INGRESS = "NetworkPolicy", "Ingress"


def openings(of: plan.Plan, facts: Facts) -> Iterator[Hazard]:
    """One hazard for everything that opens: paths of pods, hosts outside, entrances, links.

    Compared is what was agreed before with what would be; see ``words.Facts.before``.
    """
    told = [*_paths(of, facts), *_hosts(of, facts), *_entrances(of, facts), *_links(of, facts)]
    if told:
        yield Hazard.of(
            words.NETWORK_OPENING, f"the plan opens {len(told)} network path(s) or link(s)", told
        )


_Told = tuple[str, plan.Change]


def _paths(of: plan.Plan, facts: Facts) -> Iterator[_Told]:
    """By namespace: one policy may take away what another gave, or the other way round."""
    gone = {c.ref.name for c in of.changes if c.ref.kind == "Namespace" and c.desired is None}
    changed = [c for c in of.changes if c.ref.kind == _POLICY and c.ref.scope not in gone]
    agreed = facts.applied or facts.live
    for scope in sorted({c.ref.scope for c in changed}):
        here = [c for c in changed if c.ref.scope == scope]
        before = {r: i for r, i in agreed.items() if r.kind == _POLICY and r.scope == scope}
        after = {r: i for r, i in facts.live.items() if r.kind == _POLICY and r.scope == scope}
        for change in here:
            after.pop(change.ref, None)
            if change.desired is not None:
                after[change.ref] = change.desired
        # A namespace that is made by this plan had no pods that anything could reach.
        is_new = item.Ref(item.EngineName.CLUSTER, "Namespace", "", scope) not in agreed
        allowed = () if is_new else network.ways(_specs(before.values()))
        for way in network.opened(allowed, network.ways(_specs(after.values()))):
            yield f"{scope}: {way}", _cause(way, here)


def _specs(policies: Iterable[item.Item]) -> Iterator[Mapping[str, Any]]:
    return (p.fields.get("spec") or {} for p in policies)


def _cause(way: network.Way, changes: list[plan.Change]) -> plan.Change:
    """The change that gives the way; where it comes of a policy's end, the first one."""
    for change in changes:
        if change.desired is not None and way in network.ways(_specs([change.desired])):
            return change
    return changes[0]


def _hosts(of: plan.Plan, facts: Facts) -> Iterator[_Told]:
    for change in of.changes:
        if change.ref.kind == _POLICY and change.desired is not None:
            known = _outside(facts.before(change.ref))
            for host in sorted(_outside(change.desired) - known):
                yield f"{change.ref}: egress through the gateway to {host}", change


def _outside(policy: item.Item | None) -> set[str]:
    metadata = policy.fields.get("metadata", {}) if policy else {}
    told = str((metadata.get("annotations") or {}).get(egress.HOSTS, ""))
    return {host for host in told.split(",") if host}


def _entrances(of: plan.Plan, facts: Facts) -> Iterator[_Told]:
    for change in of.changes:
        if change.desired is None or change.ref.kind not in (_INGRESS, "Service"):
            continue
        before = facts.before(change.ref)
        for entrance in sorted(_doors(change.desired) - (_doors(before) if before else set())):
            yield f"{change.ref}: {entrance}", change


def _doors(of: item.Item) -> set[str]:
    spec = of.fields.get("spec") or {}
    if of.ref.kind == "Service":
        kind = spec.get("type", "ClusterIP")
        return set() if kind in ("ClusterIP", "ExternalName") else {f"reachable as {kind}"}
    way = spec.get("ingressClassName", "")
    return {
        f"entrance {rule.get('host') or 'of any host'} by the gateway {way}"
        for rule in spec.get("rules") or ()
    }


def _links(of: plan.Plan, facts: Facts) -> Iterator[_Told]:
    known = {_link(i.fields) for i in (facts.applied or facts.live).values()}
    told: set[str] = set()
    for change in of.changes:
        link = _link(change.desired.fields) if change.desired else ""
        if link and link not in known | told:
            told.add(link)
            yield f"new link {link} ({change.ref})", change


def _link(fields: Mapping[str, Any]) -> str:
    """The link that an object belongs to, by its label in the cluster or mark in Keycloak."""
    metadata = fields.get("metadata") or {}
    marks = metadata.get("labels") or fields.get("attributes") or {}
    found = marks.get(labels.LINK, "")
    return str(found[0] if isinstance(found, list) and found else found or "")
