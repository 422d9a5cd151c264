"""TEN, NET, PDP: systems of state security: their nodes, their way in, their exemption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from onboarding import catalogue, item, labels, policy, tenant
from onboarding.desired import cluster_namespace, link_cluster, office
from onboarding.policies import judge, workload
from onboarding.policy import Severity, Stage

CLUSTER = item.EngineName.CLUSTER
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})
_KEEPS_OUT = ("NoSchedule", "NoExecute")


def is_restricted(of: tenant.Tenant) -> str:
    return "" if _closed(of) else "no restricted system"


def _closed(of: tenant.Tenant) -> tuple[tenant.Instance, ...]:
    return tuple(i for i in of.instances if catalogue.get(i.kind).closed)


def dedicated_nodes(view: policy.View) -> Iterator[policy.Result]:
    """Who needs nodes of a pool has its pods there; nobody else's pods may go there."""
    nodes = _nodes(view)
    pools = {i.namespace: office.node_pool(view.environment, i) for i in view.tenant.instances}
    for kind in workload.kinds(view):
        for have in view.items(CLUSTER, kind):
            pool = pools.get(have.ref.scope, "")
            spec = workload.pod_spec(have)
            wrong = [*_selection_flaws(spec, pool), *_node_flaws(spec, pool, nodes)]
            good = f"on the nodes of pool {pool} only" if pool else "on no dedicated node"
            yield judge.problems(str(have.ref), wrong, good)
    yield from judge.absent(view, CLUSTER, "Deployment")
    if not view.items(CLUSTER, "Deployment"):
        yield from judge.none_wanted(view, CLUSTER, "Deployment")
    if view.stage is Stage.LIVE:
        yield from _pools_kept(nodes, set(pools.values()) - {""})


def _nodes(view: policy.View) -> Mapping[str, item.Item]:
    if view.stage is not Stage.LIVE:
        return {}
    return {node.ref.name: node for node in view.shared(CLUSTER, "Node")}


def pool_of(node: item.Item) -> str:
    """The pool that a node is labelled for; "" for a common one."""
    marks = (node.fields.get("metadata") or {}).get("labels") or {}
    return str(marks.get(labels.POOL) or "")


def _selection_flaws(spec: Mapping[str, Any], pool: str) -> Iterator[str]:
    chosen = (spec.get("nodeSelector") or {}).get(labels.POOL)
    if (chosen or "") != pool:
        yield f"nodeSelector {labels.POOL}={judge.show(chosen)}"
    # A toleration without a key tolerates every taint.
    held = [t for t in spec.get("tolerations") or () if t.get("key") in (labels.POOL, None, "")]
    exact = [t for t in held if t.get("value") == pool and t.get("key") == labels.POOL]
    if pool and not exact:
        yield f"does not tolerate the taint of pool {pool}"
    if len(held) > len(exact):
        yield "tolerates nodes of other pools"


def _node_flaws(
    spec: Mapping[str, Any], pool: str, nodes: Mapping[str, item.Item]
) -> Iterator[str]:
    name = spec.get("nodeName")
    if name is None or not nodes:
        return
    node = nodes.get(str(name))
    found = pool_of(node) if node else "unknown"
    if found != pool:
        yield f"runs on {name} of pool {found or 'none'}"


def _pools_kept(nodes: Mapping[str, item.Item], needed: set[str]) -> Iterator[policy.Result]:
    """Each node of a needed pool keeps other pods out by its taint."""
    if not nodes:
        yield judge.unknown("nodes", "none were listed")
    for pool in sorted(needed):
        own = [node for node in nodes.values() if pool_of(node) == pool]
        open_ones = [node.ref.name for node in own if not _is_tainted(node, pool)]
        wrong = [f"{name} has no taint" for name in open_ones] if own else ["no node"]
        yield judge.problems(f"node pool {pool}", wrong, f"{len(own)} nodes, each with its taint")


def _is_tainted(node: item.Item, pool: str) -> bool:
    taints = (node.fields.get("spec") or {}).get("taints") or ()
    return any(
        t.get("key") == labels.POOL and t.get("value") == pool and t.get("effect") in _KEEPS_OUT
        for t in taints
    )


def no_public_way_in(view: policy.View) -> Iterator[policy.Result]:
    """No ingress but one of the internal gateway, and none at all where none was agreed.

    The way in of an agreed link is judged by XCH-005.
    """
    inside = view.environment.cluster.internal_ingress_class
    ways = view.items(CLUSTER, "Ingress")
    policies = view.items(CLUSTER, "NetworkPolicy")
    for instance in _closed(view.tenant):
        wrong = []
        for way in (w for w in ways if w.ref.scope == instance.namespace):
            klass = (way.fields.get("spec") or {}).get("ingressClassName")
            if instance.ingress is catalogue.Ingress.NONE:
                wrong.append(f"Ingress {way.ref.name}")
            elif not inside or klass != inside:
                wrong.append(f"Ingress {way.ref.name} of class {judge.show(klass)}")
        if instance.ingress is catalogue.Ingress.NONE:
            linked = {link_cluster.way_in(link) for link in view.tenant.carries(instance)}
            own = (p for p in policies if p.ref.scope == instance.namespace)
            wrong += [
                f"{p.ref.name} lets traffic in"
                for p in own
                if p.ref.name not in linked and _lets_in(p)
            ]
        good = f"by class {inside} only" if instance.host else "no way in"
        yield judge.problems(f"Namespace {instance.namespace}", wrong, good)


def _lets_in(policy_item: item.Item) -> bool:
    return bool((policy_item.fields.get("spec") or {}).get("ingress"))


def exemption_marked(view: policy.View) -> Iterator[policy.Result]:
    """The namespaces of a restricted system name the paragraph of PDPA s.4 they fall under."""
    claimed = view.tenant.manifest.legal.pdpa.exemption
    found = {i.ref.name: i for i in view.items(CLUSTER, "Namespace")}
    for instance in _closed(view.tenant):
        subject = f"Namespace {instance.namespace}"
        space = found.get(instance.namespace)
        if space is None:
            yield judge.fails(subject, None, "present")
            continue
        marks = (space.fields.get("metadata") or {}).get("labels") or {}
        got = marks.get(labels.EXEMPTION)
        if claimed is None:
            yield judge.that(got is None, subject, got, "no mark: the manifest claims no exemption")
            continue
        wanted = cluster_namespace.exemption_mark(claimed.paragraph)
        good = f"{claimed.paragraph}: {claimed.scope}; security measures stay on"
        wrong = [] if got == wanted else [f"{labels.EXEMPTION}={judge.show(got)}, not {wanted}"]
        yield judge.problems(subject, wrong, good)


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="TEN-019",
        title_en="Dedicated nodes are kept apart",
        title_th="โหนดเฉพาะแยกจากระบบงานอื่น",
        severity=Severity.CRITICAL,
        stages=_BOTH,
        check=dedicated_nodes,
        remedy_en="Restore selector, toleration and taint; move other pods away.",
        remedy_th="คืนค่าการเลือกโหนด การยอมรับและเครื่องหมายกันของโหนด และย้ายพอดอื่นออก",
        sources=("D1",),
    ),
    policy.Control(
        id="NET-014",
        title_en="A restricted system has no public way in",
        title_th="ระบบงานจำกัดการเข้าถึงไม่มีทางเข้าสาธารณะ",
        severity=Severity.CRITICAL,
        stages=_BOTH,
        check=no_public_way_in,
        applies=is_restricted,
        remedy_en="Remove the Ingress or the rule; use the internal gateway if that was agreed.",
        remedy_th="ลบทางเข้าหรือกฎดังกล่าว และใช้เกตเวย์ภายในหากตกลงไว้",
        sources=("D1",),
    ),
    policy.Control(
        id="PDP-011",
        title_en="The exemption is marked where it counts",
        title_th="ระบุข้อยกเว้นไว้ที่เนมสเปซที่เกี่ยวข้อง",
        severity=Severity.MEDIUM,
        stages=_BOTH,
        check=exemption_marked,
        applies=is_restricted,
        remedy_en="Run apply to restore the label; the exemption stands in legal.pdpa.exemption.",
        remedy_th="ดำเนินการ apply เพื่อคืนค่าป้ายกำกับ โดยข้อยกเว้นระบุไว้ใน legal.pdpa.exemption",
        sources=("PDPA4-2",),
    ),
)
