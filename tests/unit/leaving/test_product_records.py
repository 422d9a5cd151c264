"""Letters are read from a product wherever something of it may have been stored."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import environment, errors, manifest, tenant
from onboarding.leaving import product_records, sources
from tests.running import ROOT
from tests.unit import targets
from tests.unit.leaving.test_sources import Listed, pod, volume

ABOUT = environment.EOffice(product="mayan-edms")
TARGET = targets.pinned().model_copy(update={"e_office": ABOUT})
OF = tenant.resolve(manifest.load(ROOT / "examples" / "m-culture.yaml"), TARGET)
INSTANCE = OF.instances[0]
UNREADY = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}


def stores(**objects: list[dict[str, Any]]) -> product_records.ProductStores:
    cluster = Listed(**objects)
    simulated = sources.SimulatedStores(cluster)
    return product_records.ProductStores(TARGET, ABOUT, cluster, simulated)


def test_what_runs_on_simulated_nodes_alone_is_not_asked() -> None:
    found = stores(Pod=[pod("fake-1")]).count(OF, INSTANCE)
    assert (found.letters, found.known_by[:11]) == (0, "all 1 pod(s")


@pytest.mark.parametrize(
    "objects",
    [
        {"Pod": [{**pod("real-1"), **UNREADY}]},
        {"Pod": [pod("")]},
        {"PersistentVolumeClaim": [volume()]},
    ],
)
def test_letters_that_cannot_be_read_now_are_never_counted_as_none(
    objects: dict[str, list[dict[str, Any]]],
) -> None:
    with pytest.raises(errors.Unreachable, match="its letters cannot be read"):
        stores(**objects).count(OF, INSTANCE)
