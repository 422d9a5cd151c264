"""What a product hands over is compared with what it says it holds, file by file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from onboarding import desired, environment, errors, manifest, tenant
from onboarding.leaving import export, sources
from tests.running import ROOT
from tests.unit import targets

TARGET = targets.pinned()
OF = tenant.resolve(manifest.load(ROOT / "examples" / "m-culture.yaml"), TARGET)
LETTERS = {"2569/1.txt": "หนังสือที่ 1", "2569/2.txt": "หนังสือที่ 2"}


@dataclass
class Product:
    """A store with letters; ``written`` is what its exporter really writes."""

    written: Mapping[str, str] = field(default_factory=lambda: LETTERS)

    def count(self, of: tenant.Tenant, instance: tenant.Instance) -> sources.Contents:
        return sources.Contents(instance.namespace, len(LETTERS), 1, "the product's database")

    def export(
        self, of: tenant.Tenant, instance: tenant.Instance, folder: Path
    ) -> sources.Exported:
        for path, text in self.written.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        records = [
            sources.Record(path, hashlib.sha256(text.encode()).hexdigest())
            for path, text in LETTERS.items()
        ]
        return sources.Exported(self.count(of, instance), records)

    def recount(self, of: tenant.Tenant, instance: tenant.Instance) -> sources.Contents | None:
        return self.count(of, instance)


def test_letters_are_exported_with_their_number_and_how_it_is_known(tmp_path: Path) -> None:
    held = export.letters(OF, Product(), tmp_path)
    assert [one.letters for one in held] == [2] * len(OF.instances)
    place = tmp_path / "letters" / OF.instances[0].namespace
    assert (place / "2569/1.txt").read_text(encoding="utf-8") == "หนังสือที่ 1"
    told = json.loads((place / "contents.json").read_text(encoding="utf-8"))
    assert told == {"letters": 2, "registerEntries": 1, "knownBy": "the product's database"}


@pytest.mark.parametrize(
    "written",
    [
        {"2569/1.txt": "หนังสือที่ 1"},
        {**LETTERS, "2569/2.txt": "ว่าง"},
        {**LETTERS, "2569/3.txt": "เกิน"},
        {},
    ],
)
def test_an_export_that_is_not_what_the_store_holds_is_none(
    tmp_path: Path, written: Mapping[str, str]
) -> None:
    with pytest.raises(errors.EngineFailed, match="is not what its store holds"):
        export.letters(OF, Product(written), tmp_path)


def test_settings_and_registers_can_be_read_by_people(tmp_path: Path) -> None:
    export.configuration(desired.everything(OF, TARGET), tmp_path)
    namespace = OF.e_offices[0].namespace
    assert "หนังสือภายนอก" in (tmp_path / f"configuration/{namespace}.yaml").read_text("utf-8")
    registers = (tmp_path / f"registers/{namespace}.csv").read_text("utf-8")
    assert registers.startswith("\ufeffregister,unit,direction,nameTh")
    assert "ทะเบียนหนังสือรับ" in registers


def test_the_cover_lists_every_file_and_escapes_what_it_shows(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a & b.txt").write_text("x", encoding="utf-8")
    one = {"namespace": "<ga>", "letters": 0, "register_entries": 0, "known_by": "x"}
    about = {"letters": [one], "certificates": 2, "revoked": 1, "journal": 3, "events": 0}
    export.cover(OF, TARGET, about, tmp_path)
    page = (tmp_path / "index.html").read_text("utf-8")
    assert 'href="data/a%20%26%20b.txt"' in page
    assert "&lt;ga&gt;" in page
    assert "http" not in page
    assert "เพิกถอนแล้ว 1 ฉบับ" in (tmp_path / "README.th.md").read_text("utf-8")
    assert "2, of them 1 revoked" in (tmp_path / "README.en.md").read_text("utf-8")


def test_the_cover_says_what_the_bag_is_not_and_what_is_not_in_it(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    about = {"letters": [], "certificates": 0, "revoked": 0, "journal": 0, "events": 0}
    product = environment.EOffice(product="mayan-edms")
    export.cover(OF, TARGET.model_copy(update={"e_office": product}), about, tmp_path)
    english = (tmp_path / "README.en.md").read_text("utf-8")
    assert "**not a backup**" in english
    assert "Not in this bag: cabinets," in english
    thai = (tmp_path / "README.th.md").read_text("utf-8")
    assert "**มิใช่ข้อมูลสำรอง (backup)**" in thai
    assert "สิ่งที่ไม่รวมอยู่ในชุดข้อมูลนี้ ได้แก่ ตู้เอกสาร" in thai
    export.cover(OF, TARGET, about, tmp_path)
    assert "Not in this bag" not in (tmp_path / "README.en.md").read_text("utf-8")
