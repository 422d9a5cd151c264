"""kwok: nodes without a computer behind them, on which pods report Running."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from onboarding import errors
from onboarding.lab import apiserver, cluster, component, kubeconfig, wire

NAME = "kwok"
PORTS: tuple[str, ...] = ()
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


def describe(lab: component.Lab) -> component.Component:
    config = kubeconfig.path(lab, NAME)
    stages = lab.home.config / "stages.yaml"
    shipped = Path(str(resources.files("onboarding.lab") / "objects" / "stages.yaml"))
    return component.Component(
        name=NAME,
        argv=(
            str(lab.engines["kwok"]),
            f"--kubeconfig={config}",
            f"--config={stages}",
            "--manage-all-nodes=false",
            f"--manage-nodes-with-annotation-selector={cluster.FAKE_NODE}",
            "--node-ip=10.64.0.1",
            "--cidr=10.128.0.0/12",
            # One small write a node and minute; the controller manager waits ten minutes.
            "--node-lease-duration-seconds=240",
            "--v=WARN",
        ),
        files={config: kubeconfig.render(lab, NAME), stages: shipped.read_text()},
        reads=(lab.certificate(NAME), lab.certificate("ca")),
        ready=_ready,
        after=(apiserver.NAME,),
        clear=_release_nodes,
    )


def _release_nodes(lab: component.Lab) -> None:
    """End the leases of the process before this one, which it would wait minutes for."""
    url = lab.url("apiserver", _LEASES)
    answer = wire.request("DELETE", url, lab.trust(client="admin"))
    if answer.status != 200:
        raise errors.EngineFailed(
            "the leases of the lab's nodes could not be ended",
            details=[answer.body[:500].decode(errors="replace")],
            resolution=f"Run: onboard lab doctor --name {lab.home.name}",
        )


def _ready(lab: component.Lab) -> str:
    """Every simulated node of the lab is Ready, and kwok holds its lease."""
    held = {lease["metadata"]["name"] for lease in _items(lab, _LEASES)}
    nodes = [node for node in _items(lab, "/api/v1/nodes") if _is_simulated(node)]
    waiting = [
        name
        for node in nodes
        if (name := node["metadata"]["name"]) not in held or not _is_ready(node)
    ]
    if not nodes:
        return "there is no node"
    return f"nodes not ready: {', '.join(waiting)}" if waiting else ""


def _items(lab: component.Lab, path: str) -> list[dict[str, Any]]:
    answer = wire.request("GET", lab.url("apiserver", path), lab.trust(client="admin"))
    if answer.status != 200:
        raise errors.EngineFailed(f"GET {path} answers {answer.status}")
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def _is_simulated(node: dict[str, Any]) -> bool:
    key, _, value = cluster.FAKE_NODE.partition("=")
    return bool(node["metadata"].get("annotations", {}).get(key) == value)


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
