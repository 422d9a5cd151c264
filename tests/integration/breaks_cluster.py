"""Breaking what stands in the cluster: namespaces, rights, network, workloads, state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from onboarding import labels
from tests.integration.breaking import Break, Json, World, refused

STRAY = "stray"


def stray(world: World, kind: str, api: str, **fields: Any) -> Json:
    metadata = {"name": STRAY, "namespace": world.spare}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}


# Workloads: a Deployment of somebody else beside ours, without pods, as admission refuses those.


def _template(world: World) -> Json:
    found = world.get("deployment", "e-office", world.spare)["spec"]["template"]
    found["metadata"] = {"labels": {"app": STRAY}}
    return dict(found)


def workload(change: Callable[[Json, Json], None]) -> Break:
    """``change`` gets the pod's spec and its first container."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        template = _template(world)
        change(template["spec"], template["spec"]["containers"][0])
        spec = {"replicas": 0, "selector": {"matchLabels": {"app": STRAY}}, "template": template}
        with world.stray(stray(world, "Deployment", "apps/v1", spec=spec)):
            yield

    return broken


def pod_refused(change: Callable[[Json, Json], None]) -> Break:
    """As ``workload``; that such a pod is refused by Pod Security admission is shown first."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        template = _template(world)
        change(template["spec"], template["spec"]["containers"][0])
        pod = stray(world, "Pod", "v1", spec=template["spec"])
        words = ("create", "--dry-run=server", "-f", "-")
        refused(lambda: world.kubectl(*words, stdin=pod))
        with workload(change)(world):
            yield

    return broken


def _context(key: str, value: Any) -> Callable[[Json, Json], None]:
    return lambda spec, container: container["securityContext"].update({key: value})


def _privileged(spec: Json, container: Json) -> None:
    container["securityContext"].update(privileged=True, allowPrivilegeEscalation=True)


def _host(spec: Json, container: Json) -> None:
    spec["hostNetwork"] = True


def _host_path(spec: Json, container: Json) -> None:
    spec["volumes"].append({"name": "host", "hostPath": {"path": "/"}})


def _sysctl(spec: Json, container: Json) -> None:
    spec["securityContext"]["sysctls"] = [{"name": "kernel.msgmax", "value": "65536"}]


def _image(spec: Json, container: Json) -> None:
    container["image"] = "docker.io/library/nginx:latest"


def _password(spec: Json, container: Json) -> None:
    container["env"] = [{"name": "DB_PASSWORD", "value": "not-a-real-one"}]


@contextmanager
def service_kind(world: World) -> Iterator[None]:
    """A NodePort is refused by the quota; external addresses are not counted by it."""
    port = [{"port": 80}]
    node = stray(world, "Service", "v1", spec={"type": "NodePort", "ports": port})
    refused(lambda: world.kubectl("create", "-f", "-", stdin=node))
    spec = {"ports": port, "externalIPs": ["192.0.2.10"]}
    with world.stray(stray(world, "Service", "v1", spec=spec)):
        yield


@contextmanager
def fewer_replicas(world: World) -> Iterator[None]:
    with world.patched("deployment", "e-office", world.namespace, {"spec": {"replicas": 1}}):
        yield


@contextmanager
def no_workload(world: World) -> Iterator[None]:
    with world.missing("deployment", "e-office", world.spare):
        yield


# Tenancy


@contextmanager
def unlabelled(world: World) -> Iterator[None]:
    with world.patched(
        "namespace", world.namespace, "", {"metadata": {"labels": {labels.SYSTEM: None}}}
    ):
        yield


@contextmanager
def baseline(world: World) -> Iterator[None]:
    patch = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}
    with world.patched("namespace", world.namespace, "", patch):
        yield


@contextmanager
def more_quota(world: World) -> Iterator[None]:
    patch = {"spec": {"hard": {"requests.cpu": "64"}}}
    with world.patched("resourcequota", "compute", world.namespace, patch):
        yield


@contextmanager
def node_ports(world: World) -> Iterator[None]:
    patch = {"spec": {"hard": {"services.nodeports": "2"}}}
    with world.patched("resourcequota", "objects", world.namespace, patch):
        yield


@contextmanager
def no_limits(world: World) -> Iterator[None]:
    with world.missing("limitrange", "containers", world.namespace):
        yield


def _grant(world: World, namespace: str, rules: list[Json], subject: Json) -> list[Json]:
    where = {"name": STRAY, "namespace": namespace}
    api = "rbac.authorization.k8s.io/v1"
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": STRAY}
    return [
        {"apiVersion": api, "kind": "Role", "metadata": where, "rules": rules},
        {
            "apiVersion": api,
            "kind": "RoleBinding",
            "metadata": where,
            "roleRef": ref,
            "subjects": [subject],
        },
    ]


def _people(name: str) -> Json:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name}


def granted(
    group: str, resource: str, *verbs: str, where: str = "", subject: Json | None = None
) -> Break:
    """The operators (or ``subject``) get verbs in the first namespace, or ``where``."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        rules = [{"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}]
        who = subject or _people(world.group)
        with world.stray(*_grant(world, where or world.namespace, rules, who)):
            yield

    return broken


@contextmanager
def cluster_wide(world: World) -> Iterator[None]:
    api, name = "rbac.authorization.k8s.io/v1", {"name": f"{STRAY}-{world.of.id}"}
    rules = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]}]
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", **name}
    role = {"apiVersion": api, "kind": "ClusterRole", "metadata": name, "rules": rules}
    binding = {
        "apiVersion": api,
        "kind": "ClusterRoleBinding",
        "metadata": name,
        "roleRef": ref,
        "subjects": [_people(world.group)],
    }
    with world.stray(role, binding):
        yield


@contextmanager
def administrator(world: World) -> Iterator[None]:
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": STRAY, "namespace": world.namespace},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "cluster-admin",
        },
        "subjects": [_people(world.group)],
    }
    with world.stray(binding):
        yield


@contextmanager
def default_account(world: World) -> Iterator[None]:
    patch = {"automountServiceAccountToken": True}
    with world.patched("serviceaccount", "default", world.namespace, patch):
        yield


@contextmanager
def orphan(world: World) -> Iterator[None]:
    name = f"ga-{world.of.id}-old"
    marks = labels.of(world.of.id, "e-office", "old")
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": marks}}
    with world.stray(space):
        yield


# Network


@contextmanager
def no_default_deny(world: World) -> Iterator[None]:
    with world.missing("networkpolicy", "default-deny", world.namespace):
        yield


@contextmanager
def another_host(world: World) -> Iterator[None]:
    notes = {"gdcc.go.th/egress-hosts": "elsewhere.example.com:443"}
    patch = {"metadata": {"annotations": notes}}
    with world.patched("networkpolicy", "allow-egress-gateway", world.namespace, patch):
        yield


def egress(to: list[Json], port: int) -> Break:
    @contextmanager
    def broken(world: World) -> Iterator[None]:
        rule = {"to": to, "ports": [{"protocol": "TCP", "port": port}]}
        spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]}
        with world.stray(stray(world, "NetworkPolicy", "networking.k8s.io/v1", spec=spec)):
            yield

    return broken


@contextmanager
def open_ingress(world: World) -> Iterator[None]:
    backend = {"service": {"name": "e-office", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    spec = {"rules": [{"host": "evil.example.com", "http": {"paths": [path]}}]}
    with world.stray(stray(world, "Ingress", "networking.k8s.io/v1", spec=spec)):
        yield


@contextmanager
def drift(world: World) -> Iterator[None]:
    patch = {"data": {"PUBLIC_URL": "https://somewhere.example.com"}}
    with world.patched("configmap", "e-office-endpoints", world.namespace, patch):
        yield


@contextmanager
def readable_state(world: World) -> Iterator[None]:
    """A private key lands in Pulumi's stored state, as a careless program would leave it."""
    folder = Path(world.target.pulumi.backend.removeprefix("file://"))
    [stored] = folder.glob(f".pulumi/stacks/*/{world.of.id}.json")
    before = stored.read_bytes()
    state = json.loads(before)
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    state["checkpoint"]["latest"]["resources"].append(
        {"urn": "urn:stray", "type": "stray", "outputs": {"key": key.decode()}}
    )
    stored.write_text(json.dumps(state), encoding="utf-8")
    try:
        yield
    finally:
        stored.write_bytes(before)


BREAKS: dict[str, Break] = {
    "TEN-001": unlabelled,
    "TEN-002": baseline,
    "TEN-003": more_quota,
    "TEN-004": node_ports,
    "TEN-005": no_limits,
    "TEN-006": granted("networking.k8s.io", "networkpolicies", "patch"),
    "TEN-007": cluster_wide,
    "TEN-008": granted("", "pods", "get", where="gdcc-gateway"),
    "TEN-009": administrator,
    "TEN-010": granted("", "*", "get"),
    "TEN-011": granted("", "secrets", "get"),
    "TEN-012": granted("", "pods/exec", "create"),
    "TEN-013": default_account,
    "TEN-014": granted(
        "",
        "pods",
        "get",
        subject={
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "User",
            "name": "somchai",
        },
    ),
    "TEN-016": orphan,
    "WRK-001": pod_refused(_privileged),
    "WRK-002": pod_refused(_context("allowPrivilegeEscalation", True)),
    "WRK-003": pod_refused(_context("runAsUser", 0)),
    "WRK-004": pod_refused(_context("capabilities", {"drop": ["ALL"], "add": ["SYS_ADMIN"]})),
    "WRK-005": pod_refused(_context("seccompProfile", {"type": "Unconfined"})),
    "WRK-006": pod_refused(_host),
    "WRK-007": pod_refused(_host_path),
    "WRK-008": pod_refused(_sysctl),
    "WRK-011": workload(_image),
    "WRK-014": workload(_password),
    "WRK-015": fewer_replicas,
    "WRK-016": service_kind,
    "WRK-017": no_workload,
    "NET-001": no_default_deny,
    "NET-002": egress([{"podSelector": {}}], 53),
    "NET-003": egress([{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}], 443),
    "NET-005": egress([{"namespaceSelector": {"matchLabels": {labels.AGENCY: "other"}}}], 443),
    "NET-006": open_ingress,
    "NET-012": another_host,
    "NET-008": egress([{"ipBlock": {"cidr": "169.254.0.0/16"}}], 80),
    "OPS-006": drift,
    "OPS-010": readable_state,
}
