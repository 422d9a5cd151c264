"""Which claims get a volume, and which volumes go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onboarding.lab import volumes
from onboarding.lab.real import place


def _claim(**changes: Any) -> dict[str, Any]:
    claim: dict[str, Any] = {
        "metadata": {"namespace": "ga-moph-prod", "name": "records", "uid": "u-1"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": volumes.STORAGE_CLASS,
            "resources": {"requests": {"storage": "20Gi"}},
        },
        "status": {"phase": "Pending"},
    }
    for path, value in changes.items():
        section, _, key = path.partition("__")
        claim[section][key] = value
    return claim


def test_waiting_claim_gets_a_volume_of_its_size_bound_to_it_alone() -> None:
    volume = volumes.volume_for(_claim())
    assert volume is not None
    assert volume["spec"]["capacity"] == {"storage": "20Gi"}
    assert volume["spec"]["claimRef"]["uid"] == "u-1"
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
    assert volume["metadata"]["name"] == "pvc-u-1"


def test_claim_of_the_node_s_class_waits_for_the_node_of_its_pod(tmp_path: Path) -> None:
    waiting = _claim(spec__storageClassName=volumes.NODE_CLASS)
    assert volumes.volume_for(waiting, tmp_path) is None
    waiting["metadata"]["annotations"] = {volumes.SELECTED_NODE: "lab-03"}
    simulated = volumes.volume_for(waiting, tmp_path)
    assert simulated is not None
    assert volumes.folder_of(simulated, tmp_path) is None
    waiting["metadata"]["annotations"] = {volumes.SELECTED_NODE: place.NODE}
    real = volumes.volume_for(waiting, tmp_path)
    assert real is not None
    assert volumes.folder_of(real, tmp_path) == tmp_path / "u-1"
    assert _operator(real) == "In"


def test_a_volume_that_is_only_an_object_keeps_off_the_real_node(tmp_path: Path) -> None:
    volume = volumes.volume_for(_claim(), tmp_path)
    assert volume is not None
    assert _operator(volume) == "NotIn"


def _operator(volume: dict[str, Any]) -> str:
    (term,) = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    (where,) = term["matchExpressions"]
    assert where["values"] == [place.NODE]
    return str(where["operator"])


def test_no_folder_but_the_node_s_own_is_ever_meant(tmp_path: Path) -> None:
    for path in ("/", str(tmp_path), "/etc", str(tmp_path / "u-1" / "below")):
        volume = {"spec": {"local": {"path": path}}}
        assert volumes.folder_of(volume, tmp_path) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"spec__storageClassName": "another"},
        {"spec__volumeName": "chosen-by-hand"},
        {"status__phase": "Bound"},
        {"metadata__deletionTimestamp": "2026-11-22T00:00:00Z"},
    ],
)
def test_other_claims_are_left_alone(changes: dict[str, Any]) -> None:
    assert volumes.volume_for(_claim(**changes)) is None


def _volume(made_by: str, phase: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "v", "annotations": {volumes.PROVISIONED_BY: made_by}},
        "status": {"phase": phase},
    }


def test_released_volume_of_ours_goes() -> None:
    assert volumes.is_released(_volume(volumes.PROVISIONER, "Released"))


@pytest.mark.parametrize(
    "volume",
    [
        _volume(volumes.PROVISIONER, "Bound"),
        _volume("someone.else", "Released"),
        {"metadata": {"name": "by-hand"}, "status": {"phase": "Released"}},
    ],
)
def test_other_volumes_stay(volume: dict[str, Any]) -> None:
    assert not volumes.is_released(volume)
