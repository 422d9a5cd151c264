"""The parts of the cluster's engine that need no cluster."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from onboarding import errors, item, kube, labels
from onboarding.engines.pulumi_stack import events, live, locks, ownership, wording

URN = "urn:pulumi:moph::gdcc-onboarding::gdcc:onboarding:AgencyNamespace${type}::{name}"


def ref(kind: str, scope: str, name: str) -> item.Ref:
    return item.Ref(item.EngineName.CLUSTER, kind, scope, name)


# Events


@pytest.mark.parametrize(
    ("type_", "name", "expected"),
    [
        ("kubernetes:core/v1:Namespace", "ga-moph", ref("Namespace", "", "ga-moph")),
        ("kubernetes:apps/v1:Deployment", "ga/e-office", ref("Deployment", "ga", "e-office")),
        (
            "kubernetes:core/v1:ServiceAccountPatch",
            "ga/default",
            ref("ServiceAccount", "ga", "default"),
        ),
        ("gdcc:onboarding:Access", "ga", None),
        ("pulumi:providers:kubernetes", "cluster", None),
    ],
)
def test_a_urn_names_an_object(type_: str, name: str, expected: item.Ref | None) -> None:
    assert events.ref_of(URN.format(type=type_, name=name)) == expected


def test_events_tell_what_became_of_an_object() -> None:
    reader = events.Reader()
    urn = URN.format(type="kubernetes:core/v1:ConfigMap", name="ga/x")

    def told(key: str, operation: str) -> events.Told | None:
        return reader.read({key: {"metadata": {"urn": urn, "op": operation}}})

    for key, operation, fate in (
        ("resourcePreEvent", "create", events.Fate.BEGUN),
        ("resOutputsEvent", "create", events.Fate.WRITTEN),
        ("resOutputsEvent", "same", events.Fate.SAME),
        ("resOutputsEvent", "refresh", events.Fate.SAME),
        ("resOpFailedEvent", "update", events.Fate.FAILED),
    ):
        seen = told(key, operation)
        assert seen is not None
        assert seen.fate is fate
    assert reader.read({"summaryEvent": {}}) is None
    reader.read({"diagnosticEvent": {"urn": urn, "severity": "error", "message": "no\n"}})
    reader.read({"diagnosticEvent": {"urn": urn, "severity": "info", "message": "yes"}})
    assert reader.messages == {ref("ConfigMap", "ga", "x"): ["no"]}


# Wording


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('pods "x" is forbidden: exceeded quota: compute', "no room"),
        ('pods "x" is forbidden: violates PodSecurity "restricted:v1.36"', "pod security"),
        ("spec.selector: field is immutable", "cannot change"),
        ('namespaces is forbidden: User "u" cannot create resource', "lacks a right"),
        ("Unauthorized", "credential"),
        ("dial tcp 127.0.0.1:1: connect: connection refused", "reached"),
        ("'e-office' timed out waiting to be Ready", "ready in time"),
        ("timed out waiting: [x] -- [ImagePullBackOff] Back-off", "no registry gives it"),
        ("incorrect passphrase", "passphrase"),
        ("write /x: no space left on device", "full"),
        ("something new", "refused"),
    ],
)
def test_messages_are_put_into_words(said: str, why: str, tmp_path: Path) -> None:
    error = wording.of_object(ref("Deployment", "ga", "x"), [said], tmp_path / "log")
    assert why in error.message
    assert "Deployment ga/x" in error.message
    assert error.resolution
    assert any(str(tmp_path / "log") in line for line in error.details)


def test_long_output_is_cut_and_repeated_lines_shown_once(tmp_path: Path) -> None:
    error = wording.of_run(255, ["a" * 1000, "a" * 1000, "b", "c", "d", "e"], tmp_path / "log")
    assert len(error.details) == 5
    assert max(len(line) for line in error.details) <= 300


def test_a_run_that_was_stopped_says_what_its_pods_waited_for() -> None:
    late = errors.EngineFailed("Pulumi did not end within 45m", resolution="Run it again.")
    assert wording.of_late(late, []) is late
    for said, why, remedy in (
        ("pod x, settle: ErrImagePull: registry/x@sha256:1", "not on the node", "registry"),
        ("pod x: Unschedulable: cpu", "no node takes its pods", "Make room"),
    ):
        told = wording.of_late(late, [said])
        assert told.message.startswith("Pulumi did not end within 45m: ")
        assert why in told.message
        assert said in told.details
        assert remedy in told.resolution
        assert told.resolution.endswith("Run it again.")


# Locks


def lock(folder: Path, **values: Any) -> Path:
    place = folder / ".pulumi/locks/organization/p/s"
    place.mkdir(parents=True, exist_ok=True)
    file = place / "one.json"
    content = {
        "pid": os.getpid(),
        "username": "me",
        "hostname": socket.gethostname(),
        "timestamp": datetime.now(UTC).isoformat(),
        **values,
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_a_dead_process_holds_no_lock(tmp_path: Path) -> None:
    file = lock(tmp_path, pid=2**22 + 1)
    locks.clear(f"file://{tmp_path}", "p", "s")
    assert not file.exists()


def test_a_reused_process_number_holds_no_lock(tmp_path: Path) -> None:
    file = lock(tmp_path, timestamp="2001-01-01T00:00:00+00:00")
    locks.clear(f"file://{tmp_path}", "p", "s")
    assert not file.exists()


def test_a_live_process_keeps_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_LONGEST_WAIT", 0.1)
    file = lock(tmp_path)
    with pytest.raises(errors.EngineFailed, match="another run"):
        locks.clear(f"file://{tmp_path}", "p", "s")
    assert file.exists()


@pytest.mark.parametrize("values", [{"hostname": "elsewhere", "pid": 2**22 + 1}, {"pid": "x"}])
def test_a_lock_that_cannot_be_judged_stays(tmp_path: Path, values: dict[str, Any]) -> None:
    file = lock(tmp_path, **values)
    with pytest.raises(errors.EngineFailed, match="another run"):
        locks.clear(f"file://{tmp_path}", "p", "s")
    assert file.exists()


def test_other_backends_have_no_lock_files() -> None:
    assert locks.folder_of("s3://bucket") is None
    locks.clear("s3://bucket", "p", "s")


# Ownership


def manager(name: str, fields: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "manager": name,
        "operation": "Update",
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **values,
    }


def test_what_hands_changed_comes_under_our_manager() -> None:
    ours = manager(labels.FIELD_MANAGER, {"f:data": {"f:a": {}}}, operation="Apply")
    hand = manager("kubectl-patch", {"f:data": {"f:b": {}}})
    merged = ownership.merged([ours, hand], "v1")
    assert [m["fieldsV1"] for m in merged] == [{"f:data": {"f:a": {}, "f:b": {}}}]
    assert merged[0]["operation"] == "Apply"


def test_controllers_keep_what_they_report() -> None:
    ours = manager(labels.FIELD_MANAGER, {}, operation="Apply")
    controller = manager("kube-controller-manager", {"f:metadata": {}})
    status = manager("someone", {"f:status": {}}, subresource="status")
    entries = [ours, controller, status]
    assert ownership.merged(entries, "v1") == entries


def test_an_object_that_only_others_wrote_becomes_ours() -> None:
    merged = ownership.merged([manager("kubectl", {"f:data": {}})], "v1")
    assert [(m["manager"], m["operation"]) for m in merged] == [("onboard", "Apply")]


class OneNamespace:
    """A cluster with one namespace in it, which only our own manager has written to."""

    def __init__(self, **marks: str) -> None:
        self.found = {
            "metadata": {"resourceVersion": "7", "labels": marks, "managedFields": [OURS]}
        }
        self.patches: list[Any] = []

    def get(self, kind: str, name: str, namespace: str) -> Any:
        return self.found

    def json_patch(self, kind: str, name: str, namespace: str, patch: Any) -> None:
        self.patches += patch


NAMESPACE = item.Ref(item.EngineName.CLUSTER, "Namespace", "", "ga-moph-prod")
OURS = {"manager": "onboard", "operation": "Apply", "fieldsV1": {}}
FENCE = "pod-security.kubernetes.io/enforce"


@pytest.mark.parametrize("marks", [{}, {FENCE: "baseline"}])
def test_a_namespace_whose_fence_a_hand_removed_gets_it_back_first(marks: dict[str, str]) -> None:
    """Nothing in it could be written until then, and a removal leaves no field manager behind."""
    cluster = OneNamespace(**marks)
    ownership.take_back(cast("kube.Cluster", cluster), [NAMESPACE])
    assert cluster.patches == [
        {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
        {
            "op": "add",
            "path": f"/metadata/labels/{FENCE.replace('/', '~1')}",
            "value": "restricted",
        },
    ]


def test_what_only_we_have_written_to_is_left_alone() -> None:
    cluster = OneNamespace(**{FENCE: "restricted"})
    ownership.take_back(cast("kube.Cluster", cluster), [NAMESPACE])
    assert cluster.patches == []


# Items from live objects


def test_live_objects_lose_noise_and_secrets() -> None:
    pod = {
        "metadata": {
            "name": "p",
            "namespace": "ga",
            "uid": "1",
            "resourceVersion": "2",
            "managedFields": [{}],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "a": "b"},
        },
        "spec": {
            "serviceAccountName": "s",
            "serviceAccount": "s",
            "containers": [
                {"name": "c", "env": [{"name": "DB_PASSWORD", "value": "hunter2"}]},
                {"name": "d", "env": [{"name": "HOME", "value": "/tmp"}]},
            ],
        },
        "status": {"phase": "Running"},
    }
    seen = live.of("Pod", pod)
    assert seen.fields["metadata"] == {"annotations": {"a": "b"}}
    assert "hunter2" not in json.dumps(seen.fields)
    assert "/tmp" in json.dumps(seen.fields)
    assert "status" not in seen.fields
    assert seen.fields["spec"].keys() == {"serviceAccountName", "containers"}
    assert live.of("Pod", pod, status=True).fields["status"] == {"phase": "Running"}
    assert seen.owner == ""


def test_a_stranger_s_text_is_not_kept() -> None:
    strange = {"metadata": {"name": "c", "namespace": "ga"}, "data": {"k": "secret text"}}
    assert live.of("ConfigMap", strange).fields["data"] == {"k": live.REDACTED}


def test_a_link_whose_id_ends_as_settings_do_is_of_this_engine() -> None:
    marks = labels.of("moph", "e-office", "prod")
    mine = {"metadata": {"name": "e-office-settings", "labels": marks}}
    route = {
        "metadata": {"name": "link-x-settings", "labels": {**marks, labels.LINK: "x-settings"}}
    }
    assert live.of_another_engine("ConfigMap", mine)
    assert not live.of_another_engine("ConfigMap", route)


@pytest.mark.parametrize(
    ("differs", "alike"),
    [
        ({"diffs": None, "detailedDiff": {}}, True),
        ({"diffs": None, "detailedDiff": {"metadata.labels": {"diffKind": "add"}}}, False),
        ({"diffs": ["metadata"], "detailedDiff": {}}, False),
        ({"diffs": None, "detailedDiff": None}, False),
    ],
)
def test_an_update_is_alike_only_where_pulumi_says_that_nothing_differs(
    differs: dict[str, Any], alike: bool
) -> None:
    urn = URN.format(type="kubernetes:apps/v1:Deployment", name="ga/x")
    metadata = {"urn": urn, "op": "update", **differs}
    told = events.Reader().read({"resourcePreEvent": {"metadata": metadata}})
    assert told is not None
    assert told.alike is alike


def test_events_are_read_as_they_come_and_silence_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "events.jsonl"
    stream = events.Stream(file)
    assert list(stream.new()) == []
    with file.open("ab") as written:
        written.write(b'{"a": 1}\n{"b"')
        written.flush()
        assert list(stream.new()) == [{"a": 1}]
        assert list(stream.new()) == []
        written.write(b": 2}\n")
        written.flush()
        assert list(stream.new()) == [{"b": 2}]
    monkeypatch.setattr(events, "_QUIET", 0.0)
    assert list(stream.new()) == [{}]
    stream.close()
