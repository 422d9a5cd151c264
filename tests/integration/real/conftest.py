"""A lab with a real node, of these tests alone, and what they ask of its cluster."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from onboarding import labels
from onboarding.lab import component, kubeconfig, runtime
from onboarding.lab import home as homes
from onboarding.lab.real import images, place
from tests.running import LAB, Done, onboard

NAME = f"{LAB}-real"


def command(*words: str, **options: Any) -> Done:
    return onboard("lab", *words, "--name", NAME, **options)


def must(done: Done) -> Done:
    assert done.code == 0, f"exit code {done.code}\n{done.out}\n{done.err}"
    return done


@pytest.fixture(scope="package")
def home() -> Iterator[homes.Home]:
    yield homes.locate(NAME)
    command("down")


@pytest.fixture
def lab(home: homes.Home) -> component.Lab:
    """The lab, up, whatever the test before has done to it."""
    must(command("up", "--nodes", "real", timeout=3600))
    return runtime.current(home)


class Cluster:
    """``kubectl`` as the lab's administrator, in one namespace of a test."""

    def __init__(self, lab: component.Lab, namespace: str) -> None:
        self.lab, self.namespace = lab, namespace

    def ask(self, *words: str, text: str = "", seconds: float = 60) -> Done:
        access = ("--kubeconfig", str(kubeconfig.path(self.lab, "admin")))
        done = subprocess.run(
            [str(self.lab.engines["kubectl"]), *access, "-n", self.namespace, *words],
            input=text, capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)

    def apply(self, *wanted: dict[str, Any]) -> None:
        listed = {"apiVersion": "v1", "kind": "List", "items": list(wanted)}
        must(self.ask("apply", "-f", "-", text=json.dumps(listed)))

    def pod(self, name: str, *arguments: str, **spec: Any) -> str:
        """Run the lab's own program in a pod on the real node; its address once it is Ready."""
        self.apply(pod(self.lab, name, arguments, **spec))
        must(
            self.ask("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=120s", seconds=150)
        )
        return self.ask("get", "pod", name, "-o", "jsonpath={.status.podIP}").out

    def inside(self, name: str, *arguments: str) -> Done:
        """Run the lab's own program once more in a pod."""
        return self.ask("exec", name, "--", "/program", *arguments)


def pod(lab: component.Lab, name: str, arguments: tuple[str, ...], **spec: Any) -> dict[str, Any]:
    """A pod as Pod Security "restricted" has it."""
    mounts = spec.pop("mounts", [])
    container = {
        "name": "program",
        "image": images.of_engine(lab, "lab-pod"),
        "imagePullPolicy": "Never",
        "args": list(arguments),
        "volumeMounts": mounts,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    toleration = {"key": labels.POOL, "operator": "Equal", "value": place.POOL}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "nodeSelector": {labels.POOL: place.POOL},
            "tolerations": [{**toleration, "effect": "NoSchedule"}],
            "terminationGracePeriodSeconds": 1,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "fsGroup": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            **spec,
        },
    }


@pytest.fixture
def namespaces(lab: component.Lab) -> Iterator[Callable[[str], Cluster]]:
    """Makes namespaces that are gone after the test."""
    made: list[str] = []

    def make(name: str) -> Cluster:
        cluster = Cluster(lab, name)
        cluster.ask("delete", "namespace", name, "--ignore-not-found", "--wait", seconds=180)
        restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
        meta = {"name": name, "labels": restricted}
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
        made.append(name)
        return cluster

    yield make
    for name in made:
        Cluster(lab, name).ask("delete", "namespace", name, "--wait=false")


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether it comes to hold within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True
