"""Letters are read from a product wherever something of it may have been stored."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, errors, manifest, product_api, tenant
from onboarding.leaving import export, product_records, sources
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


def told_by(monkeypatch: pytest.MonkeyPatch, *letters: product_api.Stored) -> list[str]:
    """A product that gives these; returns what it was asked for, in order."""
    asked: list[str] = []

    def one_by_one() -> Iterator[product_api.Stored]:
        for letter in letters:
            asked.append(letter.path)
            yield letter

    @contextlib.contextmanager
    def archive(*_: Any) -> Iterator[product_api.Archive]:
        held = product_api.Held(sum(one.tells for one in letters), 0)
        yield product_api.Archive(lambda: held, one_by_one)

    monkeypatch.setattr(product_records.ProductStores, "_archive", archive)
    return asked


def letter(path: str) -> product_api.Stored:
    content = path.encode()
    digest = hashlib.sha256(content).hexdigest()
    return product_api.Stored(path, digest, lambda: content, tells=True)


def test_an_export_asks_for_every_letter_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = told_by(monkeypatch, letter("1/letter.json"), letter("2/letter.json"))
    held = export.letters(OF, stores(Pod=[pod("real-1")]), tmp_path)
    assert [one.letters for one in held] == [2] * len(OF.instances)
    assert asked == ["1/letter.json", "2/letter.json"] * len(OF.instances)
    assert len(list(tmp_path.rglob("letter.json"))) == len(asked)


def test_a_file_that_is_not_what_the_product_knows_of_it_ends_the_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_by(monkeypatch, replace(letter("1/letter.json"), sha256="0" * 64))
    with pytest.raises(errors.EngineFailed, match="is not what its store holds") as wrong:
        export.letters(OF, stores(Pod=[pod("real-1")]), tmp_path)
    assert wrong.value.details == ("1/letter.json",)


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x"])
def test_no_answer_of_a_product_is_written_outside_of_the_export(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_by(monkeypatch, letter(path))
    folder = tmp_path / "letters"
    folder.mkdir()
    with pytest.raises(errors.EngineFailed, match="outside of the export"):
        stores(Pod=[pod("real-1")]).export(OF, INSTANCE, folder)
    assert list(tmp_path.rglob("x")) == []
