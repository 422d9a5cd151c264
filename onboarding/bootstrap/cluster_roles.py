"""What each of the tool's roles may do in the cluster: the least that its work needs."""

from __future__ import annotations

from typing import Any

from onboarding import environment
from onboarding.desired import cluster_access
from onboarding.kube import kinds

_READ = ["get", "list"]
_WRITE = ["get", "list", "watch", "create", "patch", "delete"]


def rules(role: environment.Role) -> list[dict[str, Any]]:
    """Rules of the ClusterRole of a role; none reads a secret."""
    if role is environment.Role.APPLIER:
        return _applier()
    planner = [*_on(kinds.STACK, _READ), _rule("storage.k8s.io", ["storageclasses"], _READ)]
    if role is environment.Role.PLANNER:
        return planner
    return [
        *planner,
        _rule("", ["nodes", "pods"], _READ),
        _rule("rbac.authorization.k8s.io", ["clusterrolebindings", "clusterroles"], _READ),
        _rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
    ]


def _applier() -> list[dict[str, Any]]:
    """Writes, and the rights of the agencies' own roles.

    Whoever makes a Role must hold what it grants. Holding those few rights is less than the
    verbs ``escalate`` and ``bind``, with which any right at all could be handed out.
    """
    return [
        *_on(kinds.STACK, _WRITE),
        # Pulumi watches these while it waits for pods to become ready.
        _rule("", ["pods", "events"], ["get", "list", "watch"]),
        _rule("apps", ["replicasets"], ["get", "list", "watch"]),
        # The letters of a frozen agency: no address leads to its e-Office any more. An admission
        # policy keeps this to those. A WebSocket needs both verbs.
        _rule("", ["pods/portforward"], ["get", "create"]),
        # Certificates of the ingress; an admission policy keeps this to those.
        _rule("", ["secrets"], ["create", "patch", "delete"]),
        *cluster_access.OPERATOR_RULES,
    ]


def _on(names: tuple[str, ...], verbs: list[str]) -> list[dict[str, Any]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        kind = kinds.kind(name)
        groups.setdefault(kind.group, []).append(kind.plural)
    return [_rule(group, sorted(plurals), verbs) for group, plurals in sorted(groups.items())]


def _rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}
