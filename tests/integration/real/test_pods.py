"""Pods on the real node: they run, are reached, and are kept apart where a policy says so."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from onboarding.lab import component, standing
from onboarding.lab.real import images, place
from tests.integration.real.conftest import Cluster, command, eventually, must

pytestmark = [pytest.mark.real, pytest.mark.timeout(3600)]

_PORT = 8000
Make = Callable[[str], Cluster]


def _policy(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {"podSelector": {}, **spec},
    }


def test_the_node_and_all_its_parts_are_ready(lab: component.Lab) -> None:
    assert {one.condition for one in standing.of(lab.home)} == {standing.Condition.READY}
    assert "already running" in must(command("up")).out


def test_a_policy_closes_and_opens_the_way_between_agencies(namespaces: Make) -> None:
    one, other = namespaces("real-one"), namespaces("real-other")
    address = one.pod("letters", "serve", f":{_PORT}")
    other.pod("visitor", "pause")
    with socket.create_connection((address, _PORT), timeout=5):
        pass  # this computer reaches a pod
    way = ("reach", f"{address}:{_PORT}")
    assert other.inside("visitor", *way).code == 0

    one.apply(_policy("default-deny", policyTypes=["Ingress", "Egress"]))
    assert eventually(lambda: other.inside("visitor", *way).code != 0)

    visitor = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "real-other"}}}
    port = {"protocol": "TCP", "port": _PORT}
    opened = _policy(
        "allow", policyTypes=["Ingress"], ingress=[{"from": [visitor], "ports": [port]}]
    )
    one.apply(opened)
    assert eventually(lambda: other.inside("visitor", *way).code == 0)


def test_a_closed_pod_reaches_neither_node_nor_computer_nor_metadata(
    lab: component.Lab, namespaces: Make
) -> None:
    closed = namespaces("real-closed")
    closed.pod("inmate", "pause")
    gate = ("reach", f"{lab.host}:{lab.ports['apiserver']}")
    assert closed.inside("inmate", *gate).code == 0
    closed.apply(_policy("default-deny", policyTypes=["Ingress", "Egress"]))
    assert eventually(lambda: closed.inside("inmate", *gate).code != 0)
    node = place.network(lab.ports["apiserver"]).node
    for target in (f"{node}:10250", "169.254.169.254:80", "10.96.0.1:443"):
        assert closed.inside("inmate", "reach", target).code != 0


def test_services_have_addresses_and_names(namespaces: Make) -> None:
    cluster = namespaces("real-names")
    cluster.pod("letters", "serve", f":{_PORT}")
    cluster.pod("asker", "pause")
    ports = [{"port": 80, "targetPort": _PORT}]
    service = {"selector": {"app": "letters"}, "ports": ports}
    meta = {"name": "letters"}
    cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": service})
    name = "letters.real-names.svc.cluster.local"
    assert eventually(lambda: cluster.inside("asker", "reach", f"{name}:80").code == 0)
    # Names beyond the cluster are nobody's here.
    assert cluster.inside("asker", "lookup", "example.com").code != 0


def test_a_volume_outlives_node_and_pod_and_goes_with_its_claim(
    lab: component.Lab, namespaces: Make
) -> None:
    cluster = namespaces("real-volumes")
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "gdcc-node",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    meta = {"name": "records"}
    cluster.apply(
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": claim}
    )
    spec: dict[str, Any] = {
        "volumes": [{"name": "records", "persistentVolumeClaim": {"claimName": "records"}}],
        "mounts": [{"name": "records", "mountPath": "/records"}],
    }
    cluster.pod("writer", "pause", **spec)
    must(cluster.inside("writer", "write", "/records/letter", "kept"))
    must(command("down"))
    must(command("up", timeout=3600))
    # The pod itself starts again, on the volume it had.
    read = ("writer", "read", "/records/letter")
    assert eventually(lambda: cluster.inside(*read).out == "kept", 180)
    must(cluster.ask("delete", "pod", "writer", "--wait"))
    cluster.pod("reader", "pause", **spec)
    assert cluster.inside("reader", "read", "/records/letter").out == "kept"
    assert list(place.volumes(lab.home).glob("*/letter"))
    must(cluster.ask("delete", "pod/reader", "persistentvolumeclaim/records", "--wait"))
    assert eventually(lambda: not list(place.volumes(lab.home).glob("*/letter")))


def test_an_archive_becomes_an_image_by_tag_and_digest(lab: component.Lab) -> None:
    archive = lab.home.root / "archive.tar"
    archive.write_bytes(images.pack(lab.engines["lab-pod"], "1", ("pause",)))
    try:
        names = images.load(lab, archive, "registry.test/letters")
    finally:
        archive.unlink()
    assert "registry.test/letters:1" in names
    assert any(name.startswith("registry.test/letters@sha256:") for name in names)
