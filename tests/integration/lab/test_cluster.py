"""What the lab's cluster does for real: pods, volumes, rights, secrets at rest."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from onboarding.lab import component, runtime, state, wire
from onboarding.lab import home as homes
from tests.integration.lab.conftest import command, must

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

_POD = {
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "volumes": [{"name": "records", "persistentVolumeClaim": {"claimName": "records"}}],
    "containers": [
        {
            "name": "app",
            "image": "registry.lab.gdcc.go.th/app@sha256:" + "0" * 64,
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": [{"name": "records", "mountPath": "/records"}],
        }
    ],
}


class Cluster:
    """Requests to the API server as one of the lab's identities."""

    def __init__(self, lab: component.Lab, identity: str = "admin") -> None:
        self._lab = lab
        self._identity = identity

    def __call__(self, method: str, path: str, body: Any = None) -> wire.Response:
        trust = self._lab.trust(client=self._identity)
        return wire.request(method, self._lab.url("apiserver", path), trust, body=body, timeout=15)


@pytest.fixture(scope="module")
def lab(probe: homes.Home) -> component.Lab:
    must(command("up"))
    return runtime.current(probe)


@pytest.fixture
def namespace(lab: component.Lab) -> Iterator[str]:
    """The path of one of the test's own; the cluster takes some seconds to delete it."""
    cluster = Cluster(lab)
    name = f"lab-trial-{secrets.token_hex(3)}"
    path = f"/api/v1/namespaces/{name}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    body = {"metadata": {"name": name, "labels": labels}}
    assert cluster("POST", "/api/v1/namespaces", body).status == 201
    _eventually(lambda: cluster("GET", f"{path}/serviceaccounts/default").status == 200)
    yield path
    cluster("DELETE", path)


def _eventually(seen: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.2)


def _claim(cluster: Cluster, namespace: str) -> None:
    body = {
        "metadata": {"name": "records"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "gdcc-encrypted",
            "resources": {"requests": {"storage": "400Gi"}},
        },
    }
    assert cluster("POST", f"{namespace}/persistentvolumeclaims", body).status == 201


def test_pods_run_on_bound_volumes_and_all_go_again(lab: component.Lab, namespace: str) -> None:
    cluster = Cluster(lab)
    _claim(cluster, namespace)
    deployment = {
        "metadata": {"name": "app"},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "app"}},
            "template": {"metadata": {"labels": {"app": "app"}}, "spec": _POD},
        },
    }
    path = namespace.replace("/api/v1", "/apis/apps/v1") + "/deployments"
    assert cluster("POST", path, deployment).status == 201
    _eventually(
        lambda: cluster("GET", f"{path}/app").json()["status"].get("availableReplicas") == 3
    )
    claim = cluster("GET", f"{namespace}/persistentvolumeclaims/records").json()
    assert claim["status"]["phase"] == "Bound"
    assert claim["status"]["capacity"]["storage"] == "400Gi"
    volume = f"/api/v1/persistentvolumes/{claim['spec']['volumeName']}"
    pods = cluster("GET", f"{namespace}/pods").json()["items"]
    assert len({pod["status"]["podIP"] for pod in pods}) == 3
    cluster("DELETE", f"{path}/app?propagationPolicy=Foreground")
    _eventually(lambda: cluster("GET", f"{namespace}/pods").json()["items"] == [])
    cluster("DELETE", f"{namespace}/persistentvolumeclaims/records")
    _eventually(lambda: cluster("GET", volume).status == 404)
    cluster("DELETE", namespace)
    _eventually(lambda: cluster("GET", namespace).status == 404)


def test_pods_run_at_once_on_nodes_whose_keeper_was_killed(
    probe: homes.Home, lab: component.Lab, namespace: str
) -> None:
    os.kill(state.load(probe).started["kwok"].mark.pid, signal.SIGKILL)
    must(command("up"))
    cluster = Cluster(lab)
    pod = {"metadata": {"name": "late"}, "spec": {**_POD, "volumes": [{"name": "records"}]}}
    assert cluster("POST", f"{namespace}/pods", pod).status == 201
    path = f"{namespace}/pods/late"
    _eventually(lambda: cluster("GET", path).json()["status"]["phase"] == "Running", seconds=60)


def test_pod_security_is_enforced(lab: component.Lab, namespace: str) -> None:
    pod = {"metadata": {"name": "bad"}, "spec": {**_POD, "hostNetwork": True}}
    answer = Cluster(lab)("POST", f"{namespace}/pods", pod)
    assert answer.status == 403
    assert b"PodSecurity" in answer.body


@pytest.mark.parametrize("identity", ["kwok", "provisioner", "scheduler"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/secrets", None),
        ("POST", "/api/v1/namespaces", {"metadata": {"name": "not-allowed"}}),
        ("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles", None),
    ],
)
def test_parts_of_the_lab_may_no_more_than_they_need(
    lab: component.Lab, identity: str, method: str, path: str, body: Any
) -> None:
    assert Cluster(lab, identity)(method, path, body).status == 403


def test_anonymous_may_ask_for_health_only(lab: component.Lab) -> None:
    for path, expected in (("/readyz", 200), ("/api/v1/namespaces", 401), ("/version", 401)):
        answer = wire.request("GET", lab.url("apiserver", path), lab.trust())
        assert answer.status == expected, path


def test_stranger_to_etcd_is_refused(lab: component.Lab) -> None:
    with pytest.raises(Exception, match="no answer"):
        wire.request("GET", lab.url("etcd-client", "/health"), lab.trust("etcd-ca"))


def test_secrets_are_encrypted_in_etcd(lab: component.Lab, namespace: str) -> None:
    canary = "canary-at-rest"
    body = {"metadata": {"name": "s"}, "stringData": {"value": canary}}
    assert Cluster(lab)("POST", f"{namespace}/secrets", body).status == 201
    name = namespace.rpartition("/")[2]
    key = base64.b64encode(f"/registry/secrets/{name}/s".encode()).decode()
    stored = wire.request(
        "POST",
        lab.url("etcd-client", "/v3/kv/range"),
        lab.trust("etcd-ca", "etcd-client"),
        body={"key": key},
    ).json()
    value = base64.b64decode(stored["kvs"][0]["value"])
    assert value.startswith(b"k8s:enc:secretbox:")
    assert canary.encode() not in value


def test_writes_are_in_the_audit_log_and_secrets_are_not(
    lab: component.Lab, namespace: str
) -> None:
    body = {"metadata": {"name": "audited"}, "stringData": {"value": "canary-in-audit"}}
    assert Cluster(lab)("POST", f"{namespace}/secrets", body).status == 201
    text = (lab.home.logs / "audit.log").read_text()
    assert f'"namespace":"{namespace.rpartition("/")[2]}","name":"audited"' in text
    assert "canary-in-audit" not in text
