"""What a leaving agency takes out of a real e-Office: counted from what was taken, never less."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from onboarding import errors, product_api, tenant
from onboarding.leaving import counting, export, product_records
from onboarding.product_api import mayan as access
from onboarding.product_api.mayan import api
from onboarding.state import files
from tests.contract import product_letters, signed_pdf
from tests.contract.servers import mayan as real
from tests.unit.leaving.test_product_records import stores
from tests.unit.leaving.test_sources import pod
from tests.unit.manifest import samples

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

AGENCY = tenant.resolve(samples.build())
UNIT = AGENCY.id


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Server]:
    """An agency's e-Office with a letter that was sent."""
    made = real.start(tmp_path_factory.mktemp("mayan"))
    try:
        wishes = [product_api.Wish(*key, f) for key, f in product_letters.wanted(AGENCY).items()]
        access.Mayan().write(made.place, made.writer, UNIT, wishes, lambda _, changed: None)
        with door(made) as by_hand:
            product_letters.send(by_hand, filed(by_hand, "ส่งแล้ว"))
        yield made
    finally:
        made.stop()


def door(server: real.Server) -> api.Api:
    return api.Api(server.place, server.writer)


def filed(by_hand: api.Api, text: str) -> str:
    return product_letters.make(by_hand, UNIT, UNIT, text, signed_pdf.letter("a letter"))


@pytest.fixture
def source(server: real.Server, monkeypatch: pytest.MonkeyPatch) -> product_records.ProductStores:
    """The stores of an agency whose pods are this one process."""

    @contextlib.contextmanager
    def archive(*_: Any) -> Iterator[product_api.Archive]:
        with access.Mayan().archive(server.place, server.writer, UNIT) as held:
            yield held

    monkeypatch.setattr(product_records.ProductStores, "_archive", archive)
    return stores(Pod=[pod("real-1")])


def told(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_bytes()) for file in sorted(folder.rglob("letter.json"))]


def test_the_number_of_letters_is_that_of_the_letters_that_were_exported(
    server: real.Server,
    source: product_records.ProductStores,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Administrators work in it for as long as it stands: here, whenever it was asked."""
    (instance,) = AGENCY.e_offices
    asked = product_records.ProductStores._archive

    @contextlib.contextmanager
    def worked_in(*words: Any) -> Iterator[product_api.Archive]:
        with asked(*words) as held:
            yield held
        with door(server) as by_hand:
            filed(by_hand, "หลังถาม")

    monkeypatch.setattr(product_records.ProductStores, "_archive", worked_in)
    (held,) = export.letters(AGENCY, source, tmp_path)
    assert held.letters == len(told(tmp_path)) > 0
    place = tmp_path / "letters" / instance.namespace
    assert json.loads((place / "contents.json").read_bytes())["letters"] == held.letters


def test_the_bag_tells_who_could_do_what_and_what_was_done_to_each_letter(
    server: real.Server, source: product_records.ProductStores, tmp_path: Path
) -> None:
    """As a reader of years later asks: with which rights, by whom, in which groups."""
    (instance,) = AGENCY.e_offices
    clerk = "somsri@culture.go.th"
    access.Mayan().admit(server.place, server.writer, UNIT, clerk, "central")
    began = len(server.requests())
    export.letters(AGENCY, source, tmp_path)
    asked = server.requests()[began:]
    place = tmp_path / "letters" / instance.namespace
    seen = access.Mayan().observed(server.place, server.reader, UNIT)
    configured = json.loads((place / "configuration.json").read_bytes())
    assert {(one["kind"], one["name"]): one["fields"] for one in configured} == {
        (str(kind), name): json.loads(json.dumps(fields)) for (kind, name), fields in seen.items()
    }
    taken = {one["name"]: one["nextNumber"] for one in configured if one["kind"] == "Register"}
    assert sorted(taken.values()) == [1, 2]
    people = json.loads((place / "people.json").read_bytes())
    assert people["groups"][f"{UNIT}:central"] == [clerk]
    assert clerk in [one["email"] for one in people["accounts"]]
    sent = next(one for one in told(tmp_path) if len(one["steps"]) > 1)
    assert [one["step"] for one in sent["steps"]][-3:] == [*product_letters.STEPS]
    (version,) = sent["versions"]
    assert version["shown"]
    done = {one["event"]: one["by"] for one in sent["events"]}
    assert done["documents.document_create"] == server.writer.username
    # Versions and events are one more request for each letter and each kind.
    of_letters = [path for _, path in asked if "/versions/" in path or "/events/" in path]
    assert len(of_letters) == 2 * len(told(tmp_path))


@pytest.mark.parametrize("hand", ["files", "numbers"])
def test_an_export_during_which_somebody_works_is_none(
    hand: str,
    server: real.Server,
    source: product_records.ProductStores,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The letter is filed, or takes its number, after the first one was written."""
    (instance,) = AGENCY.e_offices
    with door(server) as by_hand:
        draft = filed(by_hand, "ระหว่างส่งออก")

    def works(*_: Any) -> None:
        monkeypatch.undo()
        with door(server) as by_hand:
            if hand == "files":
                filed(by_hand, "ยื่นระหว่างส่งออก")
            else:
                product_letters.send(by_hand, draft)

    taken = source.export
    monkeypatch.setattr(Path, "write_bytes", _after(Path.write_bytes, works))
    with pytest.raises(errors.EngineFailed, match="somebody works in"):
        taken(AGENCY, instance, tmp_path)


def _after(write: Any, then: Any) -> Any:
    def written(self: Path, content: bytes) -> int:
        octets: int = write(self, content)
        then()
        return octets

    return written


def test_letters_that_were_counted_once_and_are_gone_are_not_exported_as_none(
    server: real.Server, source: product_records.ProductStores, tmp_path: Path
) -> None:
    """As where a database was lost, and made anew by the start of the product."""
    (instance,) = AGENCY.e_offices
    store = files.FileStore(tmp_path)
    before = source.recount(AGENCY, instance)
    assert before == source.count(AGENCY, instance)
    assert before.letters
    counting.keep(store, UNIT, [before])
    with door(server) as by_hand:
        for one in [*by_hand.every("/documents/")]:
            by_hand.remove(f"/documents/{one['id']}/")
        with pytest.raises(errors.Refused, match="lie in the bin"):
            source.count(AGENCY, instance)
        for one in [*by_hand.every("/trashed_documents/")]:
            by_hand.remove(f"/trashed_documents/{one['id']}/")
    empty = source.count(AGENCY, instance)
    assert empty.letters == 0
    with pytest.raises(errors.Refused, match="not there any more"):
        counting.keep(store, UNIT, [empty])
    assert counting.differences([asdict(before)], [empty])
