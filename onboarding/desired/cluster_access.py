"""Who may do what in a namespace: the agency's own people, by group, and the workload."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onboarding import item, tenant
from onboarding.desired import cluster_place

API_VERSION = "rbac.authorization.k8s.io/v1"
_READ = ["get", "list", "watch"]

VIEWER_RULES: list[dict[str, Any]] = [
    {
        "apiGroups": [""],
        "resources": [
            "configmaps",
            "events",
            "limitranges",
            "persistentvolumeclaims",
            "pods",
            "resourcequotas",
            "serviceaccounts",
            "services",
        ],
        "verbs": _READ,
    },
    {"apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": _READ},
    {
        "apiGroups": ["networking.k8s.io"],
        "resources": ["ingresses", "networkpolicies"],
        "verbs": _READ,
    },
    {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": _READ},
    {
        "apiGroups": ["rbac.authorization.k8s.io"],
        "resources": ["rolebindings", "roles"],
        "verbs": _READ,
    },
]
"""Everything about the workload but secrets and logs (which may hold personal data)."""

OPERATOR_RULES: list[dict[str, Any]] = [
    *VIEWER_RULES,
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    # A restart is what an operator may do; a change of the workload comes through the manifest.
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]},
]

_RULES = {"operator": OPERATOR_RULES, "viewer": VIEWER_RULES}


def items(place: cluster_place.Place) -> Iterator[item.Item]:
    """A Role and RoleBinding per cluster role of the agency, and both service accounts.

    Subjects are the agency's OIDC groups and nothing else (TEN-014); no rule reads secrets,
    enters pods or touches the guard rails (TEN-006, TEN-010..012).
    """
    for role in tenant.CLUSTER_ROLES:
        name = f"agency-{role}"
        yield place.item("Role", name, API_VERSION, {"rules": _RULES[role]})
        yield place.item(
            "RoleBinding",
            name,
            API_VERSION,
            {
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "Role",
                    "name": name,
                },
                "subjects": [
                    {
                        "apiGroup": "rbac.authorization.k8s.io",
                        "kind": "Group",
                        "name": place.of.group_subject(role),
                    }
                ],
            },
        )
    for account in ("default", place.instance.service_account):
        yield place.item("ServiceAccount", account, "v1", {"automountServiceAccountToken": False})
