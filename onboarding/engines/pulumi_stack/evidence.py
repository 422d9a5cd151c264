"""What only controls ask about: foreign objects, pods, cluster-wide bindings, access reviews."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from onboarding import environment, errors, item, kube, labels, tenant
from onboarding.engines.pulumi_stack import checkpoint, live
from onboarding.kube import kinds

KINDS = ("Pod", "Node", "ClusterRoleBinding", "AccessReview")

_FEW_NAMESPACES = 50
"""Up to here one LIST per namespace is cheaper than a LIST over the whole cluster."""

WRITE_VERBS = ("create", "update", "patch", "delete", "deletecollection")
ALL_VERBS = ("get", "list", "watch", *WRITE_VERBS)
GUARD_RAILS = (
    ("", "resourcequotas"),
    ("", "limitranges"),
    ("networking.k8s.io", "networkpolicies"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "roles"),
)
ESCALATING = (
    ("get", "", "secrets", ""),
    ("list", "", "secrets", ""),
    ("create", "", "pods", ""),
    ("create", "", "pods", "exec"),
    ("create", "", "pods", "attach"),
    ("create", "", "pods", "portforward"),
    ("create", "", "serviceaccounts", "token"),
    ("impersonate", "", "serviceaccounts", ""),
    ("patch", "apps", "deployments", ""),
)
"""Verb, API group, resource and subresource of rights with which people would get at more.

The API server is asked, because a role may also come from a ClusterRole that nobody reads here.
"""
ELSEWHERE = (
    ("", "pods"),
    ("", "secrets"),
    ("", "configmaps"),
    ("apps", "deployments"),
    ("rbac.authorization.k8s.io", "rolebindings"),
)
_OTHERS = 3
"""Namespaces of other agencies that are asked about."""

_Owned = tuple[str, item.Item]
"""An item with the id of the agency in whose namespace it is; "" for the environment's own."""


@dataclass(frozen=True, slots=True)
class _Asked:
    purpose: str
    question: kube.Question


def gather(
    cluster: kube.Cluster, target: environment.Environment, tenants: Sequence[tenant.Tenant]
) -> item.Observation:
    """Evidence for the controls; a kind that may not be read stands in ``unread``."""
    readers: dict[str, Callable[[], Iterator[_Owned]]] = {
        kind: functools.partial(_inside, cluster, kind, tenants)
        for kind in (*kinds.STACK[1:], "Pod")
    }
    readers["Node"] = functools.partial(_nodes, cluster)
    readers["ClusterRoleBinding"] = functools.partial(_bindings, cluster)
    readers["AccessReview"] = functools.partial(_reviews, cluster, target, tenants)
    readers[checkpoint.KIND] = functools.partial(checkpoint.states, target, tenants)
    items: dict[str, list[item.Item]] = {}
    unread: dict[str, str] = {}
    for kind, read in readers.items():
        try:
            for agency, thing in list(read()):
                items.setdefault(agency, []).append(thing)
        except errors.Denied as refused:
            unread[kind] = str(refused)
    return item.Observation(
        {agency: tuple(things) for agency, things in items.items()},
        frozenset(readers.keys() - unread.keys()),
        unread,
    )


def _bindings(cluster: kube.Cluster) -> Iterator[_Owned]:
    for each in cluster.list("ClusterRoleBinding"):
        yield "", live.of("ClusterRoleBinding", each)


def _nodes(cluster: kube.Cluster) -> Iterator[_Owned]:
    """For whom a node is and whom it keeps out: of what runs there nothing is told."""
    for each in cluster.list("Node"):
        metadata, spec = each["metadata"], each.get("spec") or {}
        short = {
            "metadata": {"name": metadata["name"], "labels": metadata.get("labels") or {}},
            "spec": {"taints": spec.get("taints") or []},
        }
        yield "", live.of("Node", short)


def _inside(cluster: kube.Cluster, kind: str, tenants: Sequence[tenant.Tenant]) -> Iterator[_Owned]:
    """Everything of a kind in the tenants' namespaces, whoever made it."""
    home = {i.namespace: t.id for t in tenants for i in t.instances}
    for each in _in_namespaces(cluster, kind, sorted(home)):
        agency = home.get(each["metadata"]["namespace"])
        if agency is not None and not live.of_another_engine(kind, each):
            yield agency, live.of(kind, each, status=True)


def _in_namespaces(cluster: kube.Cluster, kind: str, names: Sequence[str]) -> kube.Objects:
    if len(names) > _FEW_NAMESPACES:
        return cluster.list(kind)
    return cluster.list_in(kind, names)


def _reviews(
    cluster: kube.Cluster, target: environment.Environment, tenants: Sequence[tenant.Tenant]
) -> Iterator[_Owned]:
    types = cluster.resource_types()
    for of in tenants:
        asked = list(_questions(cluster, target, of, types))
        for thing in _answered(cluster, of, asked):
            yield of.id, thing


def _answered(
    cluster: kube.Cluster, of: tenant.Tenant, asked: Sequence[_Asked]
) -> Iterator[item.Item]:
    """One item per group and question.

    Rights only add up, so the groups are asked about together; where they have a right between
    them, each is asked about alone.
    """
    answers = cluster.access_reviews([a.question for a in asked])
    granted = [a for a, yes in zip(asked, answers, strict=True) if yes]
    single = [(a, group) for a in granted for group in of.groups]
    alone = cluster.access_reviews([_alone(a.question, group) for a, group in single])
    allowed = {
        (a.purpose, a.question, group) for (a, group), yes in zip(single, alone, strict=True) if yes
    }
    for each in asked:
        for group in of.groups:
            yes = (each.purpose, each.question, group) in allowed
            yield _review_item(each, group, allowed=yes)


def _questions(
    cluster: kube.Cluster,
    target: environment.Environment,
    of: tenant.Tenant,
    types: Sequence[kube.ResourceType],
) -> Iterator[_Asked]:
    for instance in of.instances:
        yield from _at_home(of, instance.namespace)
    for offered in types:
        if not offered.namespaced:
            for verb in ALL_VERBS:
                question = kube.Question(of.groups, verb, offered.api_group, offered.resource)
                yield _Asked("cluster-scope", question)
    for namespace in _elsewhere_namespaces(cluster, target, of):
        for group, resource in ELSEWHERE:
            for verb in ("get", "list", "create", "delete"):
                question = kube.Question(of.groups, verb, group, resource, namespace)
                yield _Asked("other-tenant", question)


def _at_home(of: tenant.Tenant, namespace: str) -> Iterator[_Asked]:
    """What the agency's people may not do in a namespace of their own."""
    rails = [(verb, *rail, "") for rail in GUARD_RAILS for verb in WRITE_VERBS]
    for verb, group, resource, below in (*rails, *ESCALATING):
        question = kube.Question(of.groups, verb, group, resource, namespace, below)
        yield _Asked("guard-rail", question)


def _elsewhere_namespaces(
    cluster: kube.Cluster, target: environment.Environment, of: tenant.Tenant
) -> list[str]:
    """Namespaces where this agency has no business: of some others, and the environment's own."""
    ours = cluster.list("Namespace", selector=f"{labels.MANAGED_BY}={labels.MANAGER}")
    by_name = {each["metadata"]["name"]: labels.owner(each["metadata"]["labels"]) for each in ours}
    others = sorted(name for name, owner in by_name.items() if owner not in ("", of.id))
    environments = sorted(name for name, owner in by_name.items() if not owner)
    system = [target.cluster.gateway_namespace, target.cluster.dns_namespace]
    return list(dict.fromkeys([*others[:_OTHERS], *environments, *system]))


def _alone(question: kube.Question, group: str) -> kube.Question:
    return dataclasses.replace(question, groups=(group,))


def _review_item(asked: _Asked, group: str, *, allowed: bool) -> item.Item:
    question = asked.question
    resource = "/".join(filter(None, (question.resource, question.subresource)))
    name = f"{asked.purpose} {group} {question.verb} {resource}.{question.api_group}"
    return item.Item(
        item.Ref(item.EngineName.CLUSTER, "AccessReview", question.namespace, name),
        {
            "purpose": asked.purpose,
            "group": group,
            "verb": question.verb,
            "apiGroup": question.api_group,
            "resource": resource,
            "namespace": question.namespace,
            "allowed": allowed,
        },
    )
