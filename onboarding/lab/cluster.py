"""What the lab's cluster holds from the start: nodes, storage class, rights of its own parts."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from typing import Any

import yaml

from onboarding import errors, labels
from onboarding.lab import component, wire

FAKE_NODE = "kwok.x-k8s.io/node=fake"
FIELD_MANAGER = "onboard-lab"
_INVALID = 422
_NEVER_CHANGES = "IngressClass"
"""Its controller cannot be changed."""


def settle(lab: component.Lab) -> None:
    """Apply the lab's objects."""
    apply(lab, objects())


def apply(lab: component.Lab, wanted: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Apply objects by path, server-side, so that what is already there costs no write."""
    for path, body in wanted:
        answer = _applied(lab, path, body)
        if answer.status == _INVALID and body["kind"] == _NEVER_CHANGES:
            # An earlier version of the lab had another one; nothing hangs on the object itself.
            wire.request("DELETE", lab.url("apiserver", path), lab.trust(client="admin"))
            answer = _applied(lab, path, body)
        if answer.status not in (200, 201):
            raise errors.EngineFailed(
                f"the lab's cluster refuses {body['kind']} {body['metadata']['name']}",
                details=[answer.body[:500].decode(errors="replace")],
                resolution=f"Run: onboard lab doctor --name {lab.home.name}",
            )


def _applied(lab: component.Lab, path: str, body: dict[str, Any]) -> wire.Response:
    return wire.request(
        "PATCH",
        lab.url("apiserver", f"{path}?fieldManager={FIELD_MANAGER}&force=true"),
        lab.trust(client="admin"),
        body=body,
        content_type="application/apply-patch+yaml",
        timeout=15,
    )


def objects() -> list[tuple[str, dict[str, Any]]]:
    """The path under which each object is applied, and the object."""
    folder = resources.files("onboarding.lab") / "objects"
    entries = yaml.safe_load((folder / "cluster.yaml").read_text())
    plan = yaml.safe_load((folder / "nodes.yaml").read_text())
    fixed = [(_path(entry["under"], entry["object"]), entry["object"]) for entry in entries]
    nodes = [_node(f"lab-{n + 1:02d}", n, plan["zones"]) for n in range(plan["count"])]
    for pool, count in plan["pools"].items():
        nodes += [_node(f"lab-{pool}-{n + 1}", n, plan["zones"], pool) for n in range(count)]
    return fixed + [(_path("/api/v1/nodes", node), node) for node in nodes]


def _path(under: str, body: dict[str, Any]) -> str:
    return f"{under}/{body['metadata']['name']}"


def pools() -> tuple[str, ...]:
    """Pools of dedicated nodes that the lab has."""
    folder = resources.files("onboarding.lab") / "objects"
    return tuple(yaml.safe_load((folder / "nodes.yaml").read_text())["pools"])


def _node(name: str, number: int, zones: list[str], pool: str = "") -> dict[str, Any]:
    key, _, value = FAKE_NODE.partition("=")
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {key: value},
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/zone": zones[number % len(zones)],
                **({labels.POOL: pool} if pool else {}),
            },
        },
        **({"spec": {"taints": [_taint(pool)]}} if pool else {}),
    }


def _taint(pool: str) -> dict[str, str]:
    return {"key": labels.POOL, "value": pool, "effect": "NoSchedule"}
