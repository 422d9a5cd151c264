"""The peers, each as a process of its own: stock Pulumi Automation API, and kubectl.

Prints its cost as JSON; what is timed is the tool's own work, after its imports.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks import measure
from onboarding import desired, environment, item, manifest, tenant


def main() -> None:
    peer, lab, file, folder = sys.argv[1:]
    target = environment.load(environment.locate(lab))
    of = tenant.resolve(manifest.load(Path(file)), target)
    items = [i for i in desired.everything(of, target) if i.ref.engine is item.EngineName.CLUSTER]
    run = {"stock": _stock, "kubectl": _kubectl}[peer]
    print(json.dumps(dataclasses.asdict(run(of.id, items, target, Path(folder)))))


def _stock(
    name: str, items: list[item.Item], target: environment.Environment, folder: Path
) -> measure.Cost:
    from pulumi import automation

    from onboarding.stacks import program

    backend = Path(tempfile.mkdtemp(dir=folder))
    options = automation.LocalWorkspaceOptions(
        work_dir=tempfile.mkdtemp(dir=folder),
        pulumi_home=str(target.pulumi.home),
        project_settings=automation.ProjectSettings(
            name="stock", runtime="python", backend=automation.ProjectBackend(f"file://{backend}")
        ),
        env_vars={
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(target.pulumi.passphrase_file),
            "KUBECONFIG": str(target.login(environment.Role.BOOTSTRAP).kubeconfig),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        },
    )
    command = shutil.which(target.pulumi.command) or target.pulumi.command
    os.environ["PATH"] = f"{Path(command).parent}:{os.environ['PATH']}"
    began, cpu = time.monotonic(), os.times()
    stack = automation.create_or_select_stack(
        stack_name=name, project_name="stock", program=program.program(items), opts=options
    )
    stack.up(on_output=None)
    return _cost(began, cpu)


def _kubectl(
    name: str, items: list[item.Item], target: environment.Environment, folder: Path
) -> measure.Cost:
    file = written(items, folder / f"{name}.objects.yaml")
    kubectl = shutil.which("kubectl") or str(Path(sys.executable).parent / "kubectl")
    kubeconfig = target.login(environment.Role.BOOTSTRAP).kubeconfig
    return measure.run(
        [kubectl, "--kubeconfig", str(kubeconfig), "apply", "--server-side", "-f", str(file)],
        {"PATH": os.environ["PATH"], "HOME": str(folder)},
        folder / f"{name}.kubectl",
    )


def written(items: list[item.Item], file: Path) -> Path:
    """The objects as ``kubectl apply`` takes them, namespaces first."""
    ordered = sorted(items, key=lambda i: i.ref.kind != "Namespace")
    file.write_text(yaml.safe_dump_all([_object(i) for i in ordered]), encoding="utf-8")
    return file


def _object(of: item.Item) -> dict[str, object]:
    metadata = {"name": of.ref.name, **dict(of.fields.get("metadata", {}))}
    if of.ref.scope:
        metadata["namespace"] = of.ref.scope
    return {"kind": of.ref.kind, **dict(of.fields), "metadata": metadata}


def _cost(began: float, before: os.times_result) -> measure.Cost:
    now = os.times()
    cpu = sum(now[:4]) - sum(before[:4])
    return measure.Cost(time.monotonic() - began, cpu, 0, 0)


if __name__ == "__main__":
    main()
