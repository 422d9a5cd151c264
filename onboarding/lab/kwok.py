"""kwok: nodes without a computer behind them, on which pods report Running."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from onboarding.lab import apiserver, cluster, component, kubeconfig, wire

NAME = "kwok"
PORTS: tuple[str, ...] = ()


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
    )


def _ready(lab: component.Lab) -> str:
    """Every node of the lab is Ready."""
    answer = wire.request("GET", lab.url("apiserver", "/api/v1/nodes"), lab.trust(client="admin"))
    if answer.status != 200:
        return f"the list of nodes answers {answer.status}"
    nodes = answer.json()["items"]
    waiting = [n["metadata"]["name"] for n in nodes if not _is_ready(n)]
    if not nodes:
        return "there is no node"
    return f"nodes not ready: {', '.join(waiting)}" if waiting else ""


def _is_ready(node: dict[str, dict[str, list[dict[str, str]]]]) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
