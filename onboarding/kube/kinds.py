"""The kinds of the Kubernetes API that this program speaks of: one table, no discovery.

Source of groups and plurals: the API reference of Kubernetes 1.36.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from onboarding import errors


@dataclass(frozen=True, slots=True)
class Kind:
    """How the API spells a kind: ``api_version`` as in a manifest, ``plural`` as in a path."""

    name: str
    api_version: str
    plural: str
    namespaced: bool = True

    @property
    def group(self) -> str:
        """API group as RBAC names it; "" for the core group."""
        group, slash, _ = self.api_version.partition("/")
        return group if slash else ""

    def path(self, namespace: str = "", name: str = "") -> str:
        """Path below the server's address; without a name the collection."""
        root = f"/apis/{self.api_version}" if self.group else f"/api/{self.api_version}"
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{scope}/{self.plural}" + (f"/{name}" if name else "")


_RBAC = "rbac.authorization.k8s.io/v1"
_ADMISSION = "admissionregistration.k8s.io/v1"

_ALL = (
    Kind("Namespace", "v1", "namespaces", namespaced=False),
    Kind("Node", "v1", "nodes", namespaced=False),
    Kind("ResourceQuota", "v1", "resourcequotas"),
    Kind("LimitRange", "v1", "limitranges"),
    Kind("ServiceAccount", "v1", "serviceaccounts"),
    Kind("Service", "v1", "services"),
    Kind("ConfigMap", "v1", "configmaps"),
    Kind("Secret", "v1", "secrets"),
    Kind("Pod", "v1", "pods"),
    Kind("PersistentVolumeClaim", "v1", "persistentvolumeclaims"),
    Kind("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies"),
    Kind("Ingress", "networking.k8s.io/v1", "ingresses"),
    Kind("Role", _RBAC, "roles"),
    Kind("RoleBinding", _RBAC, "rolebindings"),
    Kind("ClusterRole", _RBAC, "clusterroles", namespaced=False),
    Kind("ClusterRoleBinding", _RBAC, "clusterrolebindings", namespaced=False),
    Kind("Deployment", "apps/v1", "deployments"),
    Kind("StatefulSet", "apps/v1", "statefulsets"),
    Kind("PodDisruptionBudget", "policy/v1", "poddisruptionbudgets"),
    Kind("StorageClass", "storage.k8s.io/v1", "storageclasses", namespaced=False),
    Kind("ValidatingAdmissionPolicy", _ADMISSION, "validatingadmissionpolicies", namespaced=False),
    Kind(
        "ValidatingAdmissionPolicyBinding",
        _ADMISSION,
        "validatingadmissionpolicybindings",
        namespaced=False,
    ),
    Kind(
        "SubjectAccessReview",
        "authorization.k8s.io/v1",
        "subjectaccessreviews",
        namespaced=False,
    ),
)

KINDS: Mapping[str, Kind] = {k.name: k for k in _ALL}

STACK = (
    "Namespace",
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "Role",
    "RoleBinding",
    "ServiceAccount",
    "ConfigMap",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "Service",
    "Ingress",
    "PodDisruptionBudget",
)
"""Kinds that the stack of an agency holds: all that is written for it by way of Pulumi."""


def kind(name: str) -> Kind:
    """Raises ``errors.UsageError`` for a kind outside the table."""
    try:
        return KINDS[name]
    except KeyError:
        raise errors.UsageError(f"the Kubernetes kind {name!r} is not known here") from None
