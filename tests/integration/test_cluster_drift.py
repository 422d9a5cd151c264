"""What hands, crashes and losses do to an agency's objects, and that one apply mends it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, errors, labels, plan, progress, safety
from onboarding.engines import pulumi_stack
from tests.integration import cluster_place

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]
Place = cluster_place.Place


@pytest.fixture(scope="module")
def place(
    lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    with cluster_place.place(lab, tmp_path_factory.mktemp("drift")) as made:
        made.settled()
        yield made


@pytest.fixture
def empty(lab: environment.Environment, tmp_path: Path) -> Iterator[Place]:
    with cluster_place.place(lab, tmp_path) as made:
        yield made


def changed(place: Place) -> set[tuple[str, str]]:
    return {(c.ref.kind, c.ref.name) for c in place.planned().changes}


def by_hand(place: Place, kind: str, name: str, *steps: dict[str, Any]) -> None:
    place.cluster.json_patch(kind, name, place.namespace, steps)


def test_what_hands_changed_is_mended(place: Place) -> None:
    by_hand(
        place,
        "ResourceQuota",
        "compute",
        {"op": "replace", "path": "/spec/hard/requests.cpu", "value": "99"},
        {"op": "add", "path": "/spec/hard/requests.ephemeral-storage", "value": "5Gi"},
    )
    by_hand(
        place, "NetworkPolicy", "allow-dns", {"op": "add", "path": "/spec/egress/-", "value": {}}
    )
    everyone = {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Group",
        "name": "system:authenticated",
    }
    by_hand(
        place,
        "RoleBinding",
        "agency-viewer",
        {"op": "add", "path": "/subjects/-", "value": everyone},
    )
    by_hand(
        place,
        "ConfigMap",
        "e-office-endpoints",
        {"op": "add", "path": "/data/EXTRA", "value": "1"},
    )
    hash_path = "/metadata/annotations/" + labels.CONTENT_HASH.replace("/", "~1")
    by_hand(place, "Service", "e-office", {"op": "replace", "path": hash_path, "value": "0" * 64})
    assert changed(place) == {
        ("ResourceQuota", "compute"),
        ("NetworkPolicy", "allow-dns"),
        ("RoleBinding", "agency-viewer"),
        ("ConfigMap", "e-office-endpoints"),
        ("Service", "e-office"),
    }
    place.settled()


def test_a_container_added_by_hand_goes_again(place: Place) -> None:
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    side = {"name": "side", "image": "x", "securityContext": security}
    path = "/spec/template/spec/containers/-"
    by_hand(place, "Deployment", "e-office", {"op": "add", "path": path, "value": side})
    assert changed(place) == {("Deployment", "e-office")}
    place.settled()
    live = place.cluster.get("Deployment", "e-office", place.namespace)
    assert live is not None
    assert len(live["spec"]["template"]["spec"]["containers"]) == 1


def test_the_same_change_by_hand_is_mended_each_time(place: Place) -> None:
    for _ in range(2):
        step = {"op": "replace", "path": "/spec/hard/pods", "value": "999"}
        by_hand(place, "ResourceQuota", "objects", step)
        assert changed(place) == {("ResourceQuota", "objects")}
        place.settled()


def test_what_hands_deleted_comes_back_with_one_update(place: Place) -> None:
    before = len(place.commands())
    place.cluster.delete("NetworkPolicy", "default-deny", place.namespace)
    place.cluster.delete("RoleBinding", "agency-operator", place.namespace)
    place.settled()
    verbs = [line.split()[2] for line in place.commands()[before:]]
    assert verbs == ["preview", "preview", "up"]


def test_a_known_loss_is_looked_at_once_and_mended(place: Place) -> None:
    place.cluster.delete("NetworkPolicy", "default-deny", place.namespace)
    seen = place.engine.observe([place.of]).of(place.of.id)
    made = plan.diff(place.of.id, place.wanted(), seen, place.wanted(), target={})
    before = len(place.commands())
    assert {o.status for o in place.apply(made.changes)} == {plan.Status.APPLIED}
    assert [line.split()[2] for line in place.commands()[before:]] == ["preview", "up"]
    assert place.planned().changes == ()


def test_the_state_may_be_lost(place: Place) -> None:
    assert changed(place) == set()
    shutil.rmtree(place.folder / "backend")
    assert changed(place) == set()
    place.cluster.delete("PodDisruptionBudget", "e-office", place.namespace)
    place.settled()


def test_what_is_no_longer_wanted_is_deleted_also_when_the_state_forgot_it(place: Place) -> None:
    marks = labels.of(place.of.id, "e-office", "prod")
    metadata = {"name": "left-over", "namespace": place.namespace, "labels": marks}
    place.cluster.apply("ConfigMap", {"metadata": metadata})
    assert changed(place) == {("ConfigMap", "left-over")}
    place.settled()


def test_nothing_that_holds_data_is_deleted_in_passing(place: Place) -> None:
    marks = labels.of(place.of.id, "e-office", "prod")
    metadata = {"name": "papers", "namespace": place.namespace, "labels": marks}
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": place.target.cluster.storage_class,
        "resources": {"requests": {"storage": "1Gi"}},
    }
    place.cluster.apply("PersistentVolumeClaim", {"metadata": metadata, "spec": spec})
    before = len(place.commands())
    with pytest.raises(errors.Refused, match="hold data"):
        place.apply()
    assert len(place.commands()) == before
    place.cluster.delete("PersistentVolumeClaim", "papers", place.namespace)


KEPT = "example.go.th/kept"


def deleting(place: Place, kind: str, name: str) -> None:
    """Deleted by hand, but something still has to be done before it goes."""
    by_hand(place, kind, name, {"op": "add", "path": "/metadata/finalizers", "value": [KEPT]})
    assert place.cluster.delete(kind, name, place.namespace)


def let_go(place: Place, kind: str, name: str) -> None:
    by_hand(place, kind, name, {"op": "remove", "path": "/metadata/finalizers"})


def test_a_volume_that_is_being_deleted_is_told_and_left_to_a_person(place: Place) -> None:
    """The deletion of a claim waits for the last pod that uses it, and cannot be taken back."""
    claim = next(i for i in place.wanted() if i.ref.kind == "PersistentVolumeClaim")
    deleting(place, claim.ref.kind, claim.ref.name)
    seen = place.engine.observe([place.of]).of(place.of.id)
    facts = safety.Facts(live={i.ref: i for i in seen})
    found = place.planned()
    assert [(c.action, c.ref, c.reason) for c in found.changes] == [
        (plan.Action.CREATE, claim.ref, plan.ENDING)
    ]
    with pytest.raises(errors.Refused, match="being deleted"):
        safety.refuse(safety.judge(found, facts), frozenset({"--allow-delete"}))
    place.cluster.delete("Deployment", "e-office", place.namespace)
    let_go(place, claim.ref.kind, claim.ref.name)
    deadline = time.monotonic() + 60
    while place.cluster.get(claim.ref.kind, claim.ref.name, place.namespace):
        assert time.monotonic() < deadline, "no pod uses it any more"
        time.sleep(0.2)
    place.settled()


def test_what_holds_no_data_is_made_anew_once_it_has_gone(place: Place) -> None:
    deleting(place, "Service", "e-office")
    found = place.planned().changes
    assert [c.reason for c in found] == [plan.ENDING]
    later = threading.Timer(2, let_go, (place, "Service", "e-office"))
    later.start()
    place.settled()
    later.join()


def test_what_does_not_go_is_said_in_time(place: Place) -> None:
    deleting(place, "Service", "e-office")
    brief = place.target.timeouts.model_copy(update={"wait": 1.0})
    target = place.target.model_copy(update={"timeouts": brief})
    engine = pulumi_stack.PulumiStack(target, environment.Role.APPLIER)
    with pytest.raises(errors.EngineFailed, match="does not go"):
        list(engine.apply(place.of, place.planned().changes, progress.Silent()))
    let_go(place, "Service", "e-office")
    place.settled()


def test_an_object_whose_label_was_taken_off_is_a_conflict(place: Place) -> None:
    path = "/metadata/labels/" + labels.MANAGED_BY.replace("/", "~1")
    by_hand(place, "LimitRange", "containers", {"op": "remove", "path": path})
    found = place.planned()
    assert [(c.ref.kind, c.owner) for c in found.conflicts] == [("LimitRange", "")]
    with pytest.raises(errors.Refused, match="not ours"):
        safety.refuse(safety.judge(found, safety.Facts()), frozenset({"--allow-delete"}))
    by_hand(place, "LimitRange", "containers", {"op": "add", "path": path, "value": labels.MANAGER})
    assert place.planned().changes == ()


@pytest.mark.parametrize("owner", ["", "other-agency"])
def test_a_namespace_that_someone_else_made_is_a_conflict(empty: Place, owner: str) -> None:
    marks = labels.of(owner, "e-office", "prod") if owner else {}
    empty.cluster.apply("Namespace", {"metadata": {"name": empty.namespace, "labels": marks}})
    found = empty.planned()
    assert [(c.ref.kind, c.ref.name, c.owner) for c in found.conflicts if c.ref.scope == ""] == [
        ("Namespace", empty.namespace, owner)
    ]
    with pytest.raises(errors.Refused, match="not ours"):
        safety.refuse(safety.judge(found, safety.Facts()), frozenset({"--allow-delete"}))
    if not owner:
        # Behind the plan stands the cluster's own fence: the applier cannot take it over.
        outcomes = empty.apply(
            tuple(
                plan.Change(plan.Action.CREATE, i.ref, i)
                for i in empty.wanted()
                if i.ref.kind == "Namespace"
            )
        )
        assert [o.status for o in outcomes] == [plan.Status.FAILED]
        live = empty.cluster.get("Namespace", empty.namespace)
        assert live is not None
        assert labels.MANAGED_BY not in (live["metadata"].get("labels") or {})


def test_a_failure_names_the_object_and_what_to_do(empty: Place) -> None:
    """A quota that was made too small by hand refuses the claim; the re-run converges."""
    things = [i for i in empty.wanted() if i.ref.kind == "Namespace"]
    marks = things[0].fields["metadata"]["labels"]
    empty.cluster.apply("Namespace", {"metadata": {"name": empty.namespace, "labels": marks}})
    tight = {"metadata": {"name": "tight", "namespace": empty.namespace}}
    hard = {"persistentvolumeclaims": "0"}
    empty.cluster.apply("ResourceQuota", {**tight, "spec": {"hard": hard}})
    _until_counted(empty)
    failed = [o for o in empty.apply() if o.status is plan.Status.FAILED]
    assert [o.change.ref.kind for o in failed] == ["PersistentVolumeClaim"]
    error = failed[0].error
    assert error is not None
    assert "no room" in error.message
    assert error.resolution
    assert any(str(empty.stack.log) in line for line in error.details)
    empty.cluster.delete("ResourceQuota", "tight", empty.namespace)
    empty.settled()


def _until_counted(place: Place) -> None:
    for _ in range(100):
        live = place.cluster.get("ResourceQuota", "tight", place.namespace)
        if live and (live.get("status") or {}).get("hard"):
            return
        time.sleep(0.1)
    pytest.fail("the quota was never counted")


@pytest.mark.slow  # tests/e2e/test_interrupt.py does the same to whole runs
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_is_continued_by_the_same_command(empty: Place, how: signal.Signals) -> None:
    file = environment.locate(empty.target.name)
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.integration.cluster_place",
            str(file),
            empty.of.id,
            str(empty.folder),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.readline()
    os.kill(child.pid, how)
    _, complaint = child.communicate(timeout=120)
    assert child.returncode != 0
    if how is signal.SIGINT:
        assert "KeyboardInterrupt" in complaint
    left = empty.planned()
    assert left.conflicts == ()
    empty.settled()


def test_a_wrong_passphrase_is_told_as_such(empty: Place, tmp_path: Path) -> None:
    empty.settled()
    wrong = tmp_path / "wrong"
    wrong.write_text("another", encoding="utf-8")
    empty.target = empty.target.model_copy(
        update={"pulumi": empty.target.pulumi.model_copy(update={"passphrase_file": wrong})}
    )
    from onboarding.engines import pulumi_stack

    empty.engine = pulumi_stack.PulumiStack(empty.target, environment.Role.APPLIER)
    empty.cluster.delete("Ingress", "e-office", empty.namespace)
    with pytest.raises(errors.EngineFailed, match="passphrase"):
        empty.apply()
