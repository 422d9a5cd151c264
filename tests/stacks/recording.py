"""Run the program of an example's stack against a recording monitor; print what it was told.

A process of its own, because Pulumi's recording monitor leaves event loops behind:
``python -m tests.stacks.recording plk-lao``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks as recording
from pulumi.runtime import rpc

from onboarding import item, manifest, tenant
from onboarding.desired import cluster
from onboarding.stacks import program
from tests.unit import targets

EXAMPLES = Path(__file__).parents[2] / "examples"
IDENTITY = "uid-of-kube-system"


class _Echo(pulumi.runtime.Mocks):
    def new_resource(
        self, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str | None, dict[Any, Any]]:
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        raise AssertionError(f"the program asks for {args.token}")


class Monitor(recording.MockMonitor):
    """Keeps every registration as plain data."""

    def __init__(self) -> None:
        super().__init__(_Echo())
        self.told: list[dict[str, Any]] = []

    def RegisterResource(self, request: Any) -> Any:
        self.told.append(
            {
                "type": request.type,
                "name": request.name,
                "parent": request.parent,
                "provider": request.provider,
                "protect": request.protect,
                "dependencies": list(request.dependencies),
                "inputs": rpc.deserialize_properties(request.object),
                "urn": self.make_urn(request.parent, request.type, request.name),
            }
        )
        register: Any = super().RegisterResource
        return register(request)


def wanted(name: str) -> tuple[item.Item, ...]:
    target = targets.pinned()
    return cluster.desired(tenant.resolve(manifest.load(EXAMPLES / f"{name}.yaml"), target), target)


def main(name: str) -> None:
    monitor = Monitor()
    pulumi.runtime.set_mocks(_Echo(), project="gdcc-onboarding", stack=name, monitor=monitor)
    run: Any = pulumi.runtime.test
    run(program.program(wanted(name), cluster_identity=IDENTITY))()
    print(json.dumps(monitor.told))  # noqa: T201 - the result of this process


if __name__ == "__main__":
    main(sys.argv[1])
