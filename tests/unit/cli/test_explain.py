"""``onboard explain`` and ``onboard schema``: what they print, whole, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding.manifest import json_schema, meaning, outline
from tests.unit.cli.running import run


@pytest.fixture
def few_effects(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What fields do changes with every control; here it is given."""
    given = {
        "mou.effectiveTo": {"controls": ["MOU-004"], "drives": {"ansible_playbooks": ["Kit"]}},
        "systems.eoffice.workCalendar.days": {"drives": {"ansible_playbooks": ["Settings"]}},
    }
    monkeypatch.setattr(meaning, "effects", lambda: given)
    outline.tree.cache_clear()
    yield
    outline.tree.cache_clear()


def test_a_field_in_english(capsys: pytest.CaptureFixture[str], few_effects: None) -> None:
    assert run(capsys, "explain", "mou.effectiveTo") == (
        0,
        """\
mou.effectiveTo
  In force until · วันที่สิ้นสุด
  Gregorian date, inclusive

  type           date as YYYY-MM-DD, Gregorian
  required       yes
  law or source  The MOU between the ministry and the agency
  controls       MOU-004  The MOU is in force
  drives         ansible_playbooks: Kit
""",
        "",
    )


def test_a_block_in_thai(capsys: pytest.CaptureFixture[str], few_effects: None) -> None:
    words = ("explain", "systems[0].eoffice.workCalendar", "--language", "th")
    assert run(capsys, *words) == (
        0,
        """\
systems[].eoffice.workCalendar
  Working calendar · ปฏิทินวันทำการ
  เวลาทำการ ใช้ตัดสินว่าหนังสือถือว่าได้รับเมื่อใด

  ชนิดข้อมูล         กลุ่มข้อมูล
  ต้องระบุ          ไม่
  กฎหมายหรือที่มา    พระราชบัญญัติการปฏิบัติราชการทางอิเล็กทรอนิกส์ พ.ศ. 2565 มาตรา 10
  มาตรการตรวจสอบ  ไม่มีมาตรการใดให้ผลต่างไปตามช่องนี้
  มีผลต่อ           ansible_playbooks: Settings

  ช่องข้อมูล (* ต้องระบุ)
  days      วันทำการ (รายการข้อความ)
  opens     เวลาเปิดทำการ (ข้อความ)
  closes    เวลาปิดทำการ (ข้อความ)
  timezone  เขตเวลา (ข้อความ)
  holidays  วันหยุดราชการ (รายการวันที่ ปปปป-ดด-วว (ค.ศ.))
""",
        "",
    )


def test_a_field_as_json(capsys: pytest.CaptureFixture[str], few_effects: None) -> None:
    code, out, err = run(capsys, "explain", "mou.effectiveTo", "-o", "json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "path": "mou.effectiveTo",
        "title": {"en": "In force until", "th": "วันที่สิ้นสุด"},
        "description": {
            "en": "Gregorian date, inclusive",
            "th": "วันที่ตามคริสต์ศักราช นับรวมวันนี้ด้วย",
        },
        "type": {"en": "date as YYYY-MM-DD, Gregorian", "th": "วันที่ ปปปป-ดด-วว (ค.ศ.)"},
        "values": {"en": "", "th": ""},
        "required": True,
        "default": None,
        "law": [
            {
                "en": "The MOU between the ministry and the agency",
                "th": "บันทึกข้อตกลงระหว่างกระทรวงดิจิทัลเพื่อเศรษฐกิจและสังคมกับหน่วยงาน",
            }
        ],
        "controls": [
            {
                "id": "MOU-004",
                "title": {"en": "The MOU is in force", "th": "บันทึกข้อตกลงยังมีผลใช้บังคับ"},
            }
        ],
        "drives": {"ansible_playbooks": ["Kit"]},
        "fields": [],
    }


def test_without_a_field_the_top_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "explain")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "  apiVersion*  Version of the format (text)"
    assert "  systems*     Systems (list of groups)" in lines
    assert "  waivers      Waivers (list of groups)" in lines
    _, out, _ = run(capsys, "explain", "-o", "json")
    assert [field["path"] for field in json.loads(out)][:3] == ["apiVersion", "kind", "metadata"]


@pytest.mark.parametrize(
    ("field", "advice"),
    [
        ("lettertypes", "Did you mean systems.eoffice.letterTypes?"),
        ("eoffice.workCalendar", "Did you mean systems.eoffice.workCalendar?"),
        ("agency.nameT", "Did you mean agency.nameTh or agency.nameEn?"),
        ("systems.personaldata", "Did you mean systems.personalData?"),
        ("xyz", "See all of them with: onboard explain"),
    ],
)
def test_an_unknown_field_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str], field: str, advice: str
) -> None:
    code, out, err = run(capsys, "explain", field)
    assert (code, out) == (2, "")
    assert err == f"error: the manifest has no field {field!r}\n{advice}\n"


def test_the_schema_goes_to_stdout_or_to_a_file_with_its_modeline(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, err = run(capsys, "schema")
    assert (code, json.loads(out), err) == (0, json_schema.schema(), "")
    file = tmp_path / "m.schema.json"
    code, out, err = run(capsys, "schema", "--output", str(file))
    assert (code, err) == (0, "")
    assert out == (
        f"{file}: written. The first line of a manifest beside it:\n"
        "# yaml-language-server: $schema=m.schema.json\n"
    )
    assert json.loads(file.read_text(encoding="utf-8")) == json_schema.schema()


def test_a_schema_that_cannot_be_written_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, err = run(capsys, "schema", "--output", str(tmp_path / "no/such.json"))
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {tmp_path}/no/such.json cannot be written: No such file")
