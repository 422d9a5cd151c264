"""Letters are read from a product wherever something of it may have been stored."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, errors, manifest, product_api, tenant
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


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x"])
def test_no_answer_of_a_product_is_written_outside_of_the_export(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextlib.contextmanager
    def told(*_: Any) -> Iterator[product_api.Archive]:
        stored = product_api.Stored(path, "0", lambda: b"letter")
        yield product_api.Archive(1, 0, lambda: iter([stored]))

    monkeypatch.setattr(product_records.ProductStores, "_archive", told)
    folder = tmp_path / "letters"
    folder.mkdir()
    with pytest.raises(errors.EngineFailed, match="outside of the export"):
        stores(Pod=[pod("real-1")]).export(OF, INSTANCE, folder)
    assert list(tmp_path.rglob("x")) == []
