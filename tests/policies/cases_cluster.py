"""Ways to break what stands in the cluster."""

from __future__ import annotations

from typing import Any

from tests.policies.breaks import (
    LIVE,
    PLAN,
    Break,
    Case,
    allowed,
    binding,
    container,
    egress,
    everywhere,
    extra,
    in_realm,
    live,
    network,
    only,
    pod,
    setting,
    without,
)
from tests.policies.world import E

_DNS_ELSEWHERE = egress([{"namespaceSelector": {"matchLabels": {"a": "b"}}}], 53)
_WORLD = egress([{"ipBlock": {"cidr": "0.0.0.0/0"}}], 443)
_FOR_CLUSTER = {
    "protocolMapper": "oidc-audience-mapper",
    "config": {"included.client.audience": "gdcc-cluster"},
}
_ANY_NAMESPACE = {
    "matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]
}
_ALL_AGENCIES = {"matchLabels": {"gdcc.go.th/managed-by": "onboard"}}
_OTHER_AGENCY = egress(
    [{"namespaceSelector": {"matchLabels": {"gdcc.go.th/agency": "other"}}}], 443
)
_METADATA = egress([{"ipBlock": {"cidr": "169.254.0.0/16"}}], 80)
_MORE_HOSTS = {
    "metadata": {"annotations": {"gdcc.go.th/egress-hosts": "elsewhere.example.com:443"}}
}
_ANY_ROLE = {"rules": [{"apiGroups": [""], "resources": ["*"], "verbs": ["get"]}]}


TEN: dict[str, list[Case]] = {
    "TEN-001": [
        *everywhere(without("Namespace", "ga-admincourt-prod")),
        *everywhere(only("Namespace", "ga-admincourt-prod", "metadata", {"labels": {}})),
    ],
    "TEN-002": [
        *everywhere(setting("Namespace", "metadata", {"labels": {}})),
        *live(without("Namespace")),
    ],
    "TEN-003": [
        *everywhere(setting("ResourceQuota", "spec/hard/requests.cpu", "64")),
        *everywhere(without("ResourceQuota", "compute")),
        *live(setting("ResourceQuota", "spec/scopes", ["BestEffort"])),
    ],
    "TEN-004": [
        *everywhere(only("ResourceQuota", "objects", "spec/hard/services.nodeports", "1")),
        *everywhere(only("ResourceQuota", "objects", "spec/hard/pods", None)),
        *everywhere(without("ResourceQuota", "objects")),
    ],
    "TEN-005": [
        *everywhere(without("LimitRange")),
        *everywhere(setting("LimitRange", "spec/limits/0/max/cpu", "1000")),
        *everywhere(setting("LimitRange", "spec/limits/0/default", None)),
    ],
    "TEN-006": live(allowed("guard-rail")),
    "TEN-007": [
        *live(allowed("cluster-scope")),
        ("admincourt", PLAN, binding("ClusterRoleBinding", kind="Group", name="x")),
    ],
    "TEN-008": live(allowed("other-tenant")),
    "TEN-009": [
        *everywhere(binding(role="cluster-admin", kind="Group", name="gdcc:admincourt:operator")),
        *everywhere(binding(kind="Group", name="system:authenticated")),
        *live(binding("ClusterRoleBinding", kind="Group", name="gdcc:admincourt:operator")),
        *live(binding("ClusterRoleBinding", kind="Group", name="system:unauthenticated")),
        *live(binding("ClusterRoleBinding", kind="User", name="gdcc:somchai")),
    ],
    "TEN-010": everywhere(extra(E.CLUSTER, "Role", "any", _ANY_ROLE)),
    "TEN-011": [
        *everywhere(
            setting(
                "Role", "rules", [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
            )
        ),
        *live(allowed("guard-rail")),
    ],
    "TEN-012": [
        *everywhere(
            setting(
                "Role",
                "rules",
                [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}],
            )
        ),
        *live(allowed("guard-rail")),
    ],
    "TEN-013": [
        *everywhere(only("ServiceAccount", "default", "automountServiceAccountToken", True)),
        *everywhere(setting("Deployment", "spec/template/spec/serviceAccountName", "default")),
        *live(setting("Pod", "spec/serviceAccountName", None)),
        *everywhere(binding(kind="ServiceAccount", name="default")),
    ],
    "TEN-014": [
        *everywhere(binding(kind="User", name="somchai")),
        *everywhere(binding(kind="Group", name="gdcc:other:operator")),
        *live(binding(role="view", kind="Group", name="gdcc:admincourt:operator")),
        *live(in_realm("StrayGroup", "/elsewhere/admincourt:operator", {})),
        *live(in_realm("Client", "another", {"protocolMappers": {"a": _FOR_CLUSTER}})),
        *live(in_realm("ClientScope", "another", {"protocolMappers": {"a": _FOR_CLUSTER}})),
        *live(only("Client", "gdcc-cluster", "protocolMappers/more", _FOR_CLUSTER)),
    ],
    "TEN-016": [
        *live(without("Namespace", "ga-admincourt-uat")),
        *live(
            extra(
                E.CLUSTER,
                "Namespace",
                "ga-admincourt-old",
                {
                    "metadata": {
                        "labels": {
                            "gdcc.go.th/agency": "admincourt",
                            "gdcc.go.th/managed-by": "onboard",
                        }
                    }
                },
            )
        ),
    ],
}

WRK: dict[str, list[Case]] = {
    "WRK-001": [
        *container("securityContext/privileged", True),
        ("admincourt", LIVE, without("Deployment")),
        (
            "admincourt",
            LIVE,
            setting(
                "Pod",
                "spec/ephemeralContainers",
                [{"name": "debug", "securityContext": {"privileged": True}}],
            ),
        ),
    ],
    "WRK-002": container("securityContext/allowPrivilegeEscalation", None),
    "WRK-003": [
        *container("securityContext/runAsUser", 0),
        *container("securityContext/runAsNonRoot", False),
    ],
    "WRK-004": [
        *container("securityContext/capabilities", {"drop": ["NET_RAW"]}),
        *container("securityContext/capabilities", {"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
    ],
    "WRK-005": container("securityContext/seccompProfile", {"type": "Unconfined"}),
    "WRK-006": [
        *pod("hostNetwork", True),
        *pod("hostPID", True),
        *container("ports", [{"containerPort": 1, "hostPort": 1}]),
        *container("livenessProbe", {"httpGet": {"host": "10.0.0.1"}}),
    ],
    "WRK-007": pod("volumes", [{"name": "host", "hostPath": {"path": "/"}}]),
    "WRK-008": [
        *container("securityContext/procMount", "Unmasked"),
        *pod("securityContext/sysctls", [{"name": "kernel.msgmax", "value": "1"}]),
        *container("securityContext/appArmorProfile", {"type": "Unconfined"}),
        *container("securityContext/seLinuxOptions", {"type": "spc_t"}),
    ],
    "WRK-009": container("securityContext/readOnlyRootFilesystem", False)[:1],
    "WRK-010": container("resources/limits", None)[:1],
    "WRK-011": [
        *container("image", "docker.io/library/nginx:latest"),
        *container("image", "registry.invalid/e-office:1.2"),
    ],
    "WRK-012": container("imagePullPolicy", "IfNotPresent")[:1],
    "WRK-013": pod("automountServiceAccountToken", True)[:1],
    "WRK-014": [
        *container("env", [{"name": "DB_PASSWORD", "value": "x"}]),
        *container("envFrom", [{"secretRef": {"name": "x"}}]),
    ],
    "WRK-015": [
        *everywhere(setting("Deployment", "spec/replicas", 1)),
        *everywhere(without("PodDisruptionBudget")),
        *everywhere(setting("PodDisruptionBudget", "spec/minAvailable", 9)),
        *everywhere(setting("Deployment", "spec/template/spec/topologySpreadConstraints", None)),
    ],
    "WRK-016": [
        *everywhere(setting("Service", "spec/type", "NodePort")),
        *everywhere(setting("Service", "spec/externalIPs", ["192.0.2.1"])),
        *live(without("Service")),
    ],
    "WRK-017": [
        *live(without("Deployment")),
        *live(without("Deployment", "health-platform"), agency="moph"),
    ],
}


def _to_gateway(path: str, value: Any) -> Break:
    return only("NetworkPolicy", "allow-egress-gateway", f"spec/egress/0/{path}", value)


NET: dict[str, list[Case]] = {
    "NET-001": [
        *everywhere(without("NetworkPolicy", "default-deny")),
        *everywhere(only("NetworkPolicy", "default-deny", "spec/egress", [{}])),
        *everywhere(only("NetworkPolicy", "default-deny", "spec/policyTypes", ["Ingress"])),
    ],
    "NET-002": [
        *everywhere(network("dns", _DNS_ELSEWHERE)),
        *everywhere(without("NetworkPolicy", "allow-dns")),
    ],
    "NET-003": [
        *everywhere(network("open", _WORLD)),
        *everywhere(network("open", egress([]))),
        *everywhere(network("open", egress([{"namespaceSelector": {}}]))),
        *everywhere(network("open", egress([{"namespaceSelector": _ANY_NAMESPACE}]))),
        *everywhere(network("open", egress([{"namespaceSelector": _ALL_AGENCIES}]))),
        *live(network("unplanned", egress([{"ipBlock": {"cidr": "10.9.8.7/32"}}]))),
        *live(without("NetworkPolicy", "allow-dns")),
    ],
    "NET-005": everywhere(network("friend", _OTHER_AGENCY)),
    "NET-006": [
        *everywhere(setting("Ingress", "spec/tls", None)),
        *everywhere(setting("Ingress", "spec/rules/0/host", "evil.example.com")),
        *everywhere(setting("Ingress", "spec/rules/0/host", None)),
        *everywhere(
            setting(
                "Ingress",
                "metadata",
                {"annotations": {"nginx.ingress.kubernetes.io/server-snippet": "x"}},
            )
        ),
        *everywhere(setting("Ingress", "spec/defaultBackend", {"service": {"name": "x"}})),
    ],
    "NET-012": [
        *everywhere(only("NetworkPolicy", "allow-egress-gateway", "metadata/annotations", {})),
        *everywhere(network("more", _MORE_HOSTS)),
        *everywhere(_to_gateway("ports/0/endPort", 65535)),
        *everywhere(_to_gateway("ports", None)),
        *everywhere(_to_gateway("to/0/namespaceSelector", _ALL_AGENCIES)),
    ],
    "NET-008": everywhere(network("metadata", _METADATA)),
}
