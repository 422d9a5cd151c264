"""A store counts as empty only where that is certain."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import errors, kube, manifest, tenant
from onboarding.leaving import sources
from tests.running import ROOT

OF = tenant.resolve(manifest.load(ROOT / "examples" / "m-culture.yaml"))
INSTANCE = OF.instances[0]
NODES: list[dict[str, Any]] = [
    {"metadata": {"name": "fake-1", "annotations": {"kwok.x-k8s.io/node": "fake"}}},
    {"metadata": {"name": "real-1"}},
]


class Listed(kube.Cluster):
    """A cluster that lists what it is given."""

    def __init__(self, **objects: list[dict[str, Any]]) -> None:
        self._objects: dict[str, list[dict[str, Any]]] = {"Node": NODES, **objects}

    def list(self, kind: str, *, namespace: str = "", selector: str = "") -> list[dict[str, Any]]:
        return self._objects.get(kind, [])


def pod(node: str) -> dict[str, Any]:
    return {"metadata": {"name": "e-office-0"}, "spec": {"nodeName": node} if node else {}}


def volume(node: str = "") -> dict[str, Any]:
    chosen = {"volume.kubernetes.io/selected-node": node} if node else {}
    return {"metadata": {"name": "documents", "annotations": chosen}}


def counted(**objects: list[dict[str, Any]]) -> sources.Contents:
    return sources.SimulatedStores(Listed(**objects)).count(OF, INSTANCE)


def test_pods_on_simulated_nodes_store_nothing() -> None:
    found = counted(Pod=[pod("fake-1")], PersistentVolumeClaim=[volume("fake-1")])
    assert (found.letters, found.register_entries) == (0, 0)
    assert found.known_by == "all 1 pod(s) run on simulated nodes, which store nothing"


def test_where_nothing_ever_ran_nothing_is_stored() -> None:
    assert counted().known_by == "no pod and no volume: nothing was ever stored"


def test_a_volume_that_vanished_is_not_counted_as_one_that_never_was() -> None:
    source = sources.SimulatedStores(Listed(), {INSTANCE.namespace})
    with pytest.raises(errors.Refused, match="was applied and vanished") as refused:
        source.count(OF, INSTANCE)
    assert "--allow-empty" in refused.value.resolution


@pytest.mark.parametrize(
    ("objects", "why"),
    [
        ({"Pod": [pod("fake-1"), pod("real-1")]}, "pod e-office-0 is on real-1"),
        ({"Pod": [pod("")]}, "pod e-office-0 is on no node yet"),
        ({"PersistentVolumeClaim": [volume()]}, "no pod runs, and there is a volume: documents"),
        (
            {"Pod": [pod("fake-1")], "PersistentVolumeClaim": [volume("real-1")]},
            "volume documents is on real-1",
        ),
    ],
)
def test_anything_else_is_refused_and_never_counted_as_nothing(
    objects: dict[str, list[dict[str, Any]]], why: str
) -> None:
    source = sources.SimulatedStores(Listed(**objects))
    with pytest.raises(errors.Refused, match="no exporter for its product") as refused:
        source.count(OF, INSTANCE)
    assert refused.value.details == (why,)
    with pytest.raises(errors.Refused):
        source.export(OF, INSTANCE, ROOT)
