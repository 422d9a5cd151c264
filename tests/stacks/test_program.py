"""The Pulumi program: what it declares, in which order, and what it never tells Pulumi."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from onboarding.stacks import resource
from tests.stacks import recording

ROOT = Path(__file__).parents[2]
Told = dict[str, Any]


@functools.cache
def told(name: str = "plk-lao") -> list[Told]:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.stacks.recording", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found: list[Told] = json.loads(ended.stdout.splitlines()[-1])
    return found


def kind_of(told: Told) -> str:
    return str(told["type"]).rpartition(":")[2].removesuffix("Patch")


def objects(name: str = "plk-lao") -> dict[tuple[str, str], Told]:
    return {(kind_of(t), t["name"]): t for t in told(name) if t["type"].startswith("kubernetes:")}


def test_every_item_becomes_one_resource_with_its_content() -> None:
    wanted = recording.wanted("plk-lao")
    made = objects()
    assert made.keys() == {(i.ref.kind, resource.logical_name(i.ref)) for i in wanted}
    for thing in wanted:
        inputs = made[thing.ref.kind, resource.logical_name(thing.ref)]["inputs"]
        assert inputs["metadata"]["name"] == thing.ref.name
        assert inputs["metadata"].get("namespace", "") == thing.ref.scope
        assert inputs["metadata"]["labels"] == thing.fields["metadata"]["labels"]
        for field, value in thing.fields.items():
            if field != "metadata":
                assert inputs[field] == value


def test_the_credential_is_no_input() -> None:
    (provider,) = (t for t in told() if t["type"] == "pulumi:providers:kubernetes")
    assert "kubeconfig" not in provider["inputs"]
    assert provider["inputs"]["clusterIdentifier"] == recording.IDENTITY
    used = {o["provider"].rpartition("::")[0] for o in objects().values()}
    assert used == {provider["urn"]}


def test_one_component_for_each_thing_an_agency_gets() -> None:
    components = [t for t in told("admincourt") if t["type"].startswith(resource.COMPONENT)]
    assert {t["type"].removeprefix(resource.COMPONENT) for t in components} == {
        "AgencyNamespace",
        "GuardRails",
        "NetworkRules",
        "Access",
        "Workload",
    }
    assert len(components) == 2 * 5
    parents = {t["urn"] for t in components}
    assert all(o["parent"] in parents for o in objects("admincourt").values())


def test_one_field_manager_always_and_waiting_only_for_pods() -> None:
    for (kind, _), made in objects().items():
        annotations = made["inputs"]["metadata"]["annotations"]
        assert annotations["pulumi.com/patchFieldManager"] == "onboard"
        waits = "pulumi.com/skipAwait" not in annotations
        assert waits == (kind in ("Namespace", "Deployment"))


def test_the_default_account_is_patched_not_made() -> None:
    patches = [t["name"] for t in told() if t["type"].endswith("ServiceAccountPatch")]
    assert patches == ["ga-plk-lao-prod/default"]


def test_what_holds_data_is_protected() -> None:
    protected = {kind for (kind, _), made in objects("moph").items() if made["protect"]}
    assert protected == {"Namespace", "PersistentVolumeClaim"}


def test_pods_come_behind_their_fences_and_bindings_after_roles() -> None:
    made = objects()

    def before(kind: str) -> set[str]:
        return {
            urn.split("::")[2].rpartition(":")[2]
            for (k, _), t in made.items()
            if k == kind
            for urn in t["dependencies"]
        }

    assert before("Deployment") >= {
        "Namespace",
        "ResourceQuota",
        "LimitRange",
        "NetworkPolicy",
        "ServiceAccount",
        "RoleBinding",
        "ConfigMap",
        "PersistentVolumeClaim",
    }
    assert "Role" in before("RoleBinding")
    assert before("NetworkPolicy") == {"Namespace"}
