"""Why pods do not start is told in their node's words; what passes by itself is not."""

from __future__ import annotations

from typing import Any, cast

import pytest

from onboarding import errors, item, kube, progress
from onboarding.engines.pulumi_stack import pods

WORKLOAD = item.Ref(item.EngineName.CLUSTER, "Deployment", "ga", "e-office")
OTHER = item.Ref(item.EngineName.CLUSTER, "ConfigMap", "ga", "e-office")
PULL = {"reason": "ErrImagePull", "message": "dial tcp:\n no such host"}


class Cluster:
    """Lists these pods; None: it does not answer."""

    def __init__(self, status: dict[str, Any] | None) -> None:
        self.status = status

    def list(self, kind: str, *, namespace: str, selector: str) -> list[dict[str, Any]]:
        assert (kind, namespace, selector) == ("Pod", "ga", "app.kubernetes.io/name=e-office")
        if self.status is None:
            raise errors.Unreachable("the API server does not answer")
        return [{"metadata": {"name": "x"}, "status": self.status}]


def hindered(status: dict[str, Any] | None, *refs: item.Ref) -> list[str]:
    return pods.hindered(cast("kube.Cluster", Cluster(status)), refs or (WORKLOAD,))


def waits(key: str, waiting: dict[str, str]) -> dict[str, Any]:
    return {key: [{"name": "settle", "state": {"waiting": waiting}}]}


@pytest.mark.parametrize("key", ["initContainerStatuses", "containerStatuses"])
def test_an_image_that_is_missing_is_told_of_every_container(key: str) -> None:
    assert hindered(waits(key, PULL)) == ["pod x, settle: ErrImagePull: dial tcp: no such host"]


def test_a_pod_without_room_is_told() -> None:
    full = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "cpu"}
    assert hindered({"conditions": [full]}) == ["pod x: Unschedulable: cpu"]


@pytest.mark.parametrize(
    "status",
    [
        {},
        None,
        waits("initContainerStatuses", {"reason": "PodInitializing"}),
        waits("containerStatuses", {}),
        {"conditions": [{"type": "PodScheduled", "status": "True"}]},
    ],
)
def test_what_passes_by_itself_or_is_not_seen_is_not_told(status: dict[str, Any] | None) -> None:
    assert hindered(status) == []


def test_only_workloads_have_pods() -> None:
    assert hindered(waits("containerStatuses", PULL), OTHER) == []


class Rolling:
    """A workload whose status is another one at each look; the last one stays."""

    def __init__(self, *looks: dict[str, Any], generation: int = 2) -> None:
        self.looks, self.asked, self.generation = list(looks), 0, generation

    def get(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        status = self.looks[min(self.asked, len(self.looks) - 1)]
        self.asked += 1
        return {
            "metadata": {"generation": self.generation},
            "spec": {"replicas": 1},
            "status": status,
        }


DONE = {"observedGeneration": 2, "updatedReplicas": 1, "availableReplicas": 1}


def looks(cluster: Rolling, *refs: item.Ref, longest: float = 60.0) -> int:
    found = refs or (WORKLOAD,)
    pods.until_current(cast("kube.Cluster", cluster), found, longest, progress.Silent())
    return cluster.asked


@pytest.mark.parametrize(
    "stale",
    [
        {**DONE, "observedGeneration": 1},
        {**DONE, "updatedReplicas": None},
        {**DONE, "availableReplicas": 0},
        {},
    ],
)
def test_an_earlier_rollout_is_not_taken_for_the_new_one(
    stale: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pods, "_POLL_SECONDS", 0.001)
    assert looks(Rolling(stale, stale, DONE)) == 3
    assert looks(Rolling(DONE)) == 1


def test_only_workloads_are_waited_for_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pods, "_POLL_SECONDS", 0.001)
    assert looks(Rolling({}), OTHER) == 0
    assert looks(Rolling({}), longest=0.0) == 1
