"""An agency of a test's own in the lab's cluster, written by Pulumi and removed afterwards.

As a program it applies that agency, so that a test can stop it:
``python -m tests.integration.cluster_place ENVIRONMENT AGENCY``.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from onboarding import environment, item, kube, plan, progress, tenant
from onboarding.desired import cluster as wanted
from onboarding.engines import pulumi_stack
from onboarding.engines.pulumi_stack import command
from tests.contract import agencies


class Place:
    """The agency, the engine under the applier, and the cluster as its operator sees it."""

    def __init__(self, lab: environment.Environment, agency: str, folder: Path) -> None:
        self.target = lab.model_copy(
            update={
                "pulumi": lab.pulumi.model_copy(update={"backend": f"file://{folder / 'backend'}"})
            }
        )
        self.folder = folder
        self.of = agency_of(agency)
        self.engine = pulumi_stack.PulumiStack(self.target, environment.Role.APPLIER)
        self.cluster = kube.connect(lab, environment.Role.BOOTSTRAP)
        self.namespace = self.of.instances[0].namespace
        login = lab.login(environment.Role.APPLIER)
        self.stack = command.Stack(self.target, self.of.id, login.kubeconfig)

    def wanted(self) -> tuple[item.Item, ...]:
        return wanted.desired(self.of, self.target)

    def planned(
        self,
        role: environment.Role = environment.Role.PLANNER,
        applied: Sequence[item.Item] = (),
    ) -> plan.Plan:
        engine = pulumi_stack.PulumiStack(self.target, role)
        seen = engine.observe([self.of])
        return plan.diff(self.of.id, self.wanted(), seen.of(self.of.id), applied, target={})

    def apply(self, changes: tuple[plan.Change, ...] | None = None) -> list[plan.Outcome]:
        if changes is None:
            changes = self.planned().changes
        return list(self.engine.apply(self.of, changes, progress.Silent()))

    def settled(self) -> None:
        """Apply until nothing is left to do: once."""
        outcomes = self.apply()
        assert [o.error for o in outcomes if o.error] == []
        assert self.planned().changes == ()

    def commands(self) -> list[str]:
        """Every pulumi command that was started for this agency."""
        if not self.stack.log.exists():
            return []
        lines = self.stack.log.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.startswith("$ pulumi ")]

    def remove(self) -> None:
        for instance in self.of.instances:
            self.cluster.delete("Namespace", instance.namespace)
        shutil.rmtree(self.stack.folder, ignore_errors=True)
        self.stack.log.unlink(missing_ok=True)


def agency_of(name: str) -> tenant.Tenant:
    return agencies.example("plk-lao", agencies.renamed(name))


@contextlib.contextmanager
def place(lab: environment.Environment, folder: Path) -> Iterator[Place]:
    made = Place(lab, f"t{uuid.uuid4().hex[:8]}", folder)
    try:
        yield made
    finally:
        made.remove()


def main(file: str, agency: str, folder: str) -> None:
    made = Place(environment.load(Path(file)), agency, Path(folder))
    for outcome in made.engine.apply(made.of, made.planned().changes, progress.Silent()):
        print(outcome.status.value, outcome.change.ref, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
