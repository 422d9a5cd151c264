"""``onboard programme`` as a user sees it: whole outputs, the page, and exit codes."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from onboarding import environment
from onboarding.cli import main
from onboarding.state import files
from tests.running import ROOT
from tests.unit import folders

FOLDER = Path("agencies")
AS_OF = ("--as-of", "2026-11-22")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ONBOARD_ENVIRONMENT", raising=False)
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    FOLDER.mkdir()
    folders.write(FOLDER, "arts", mou__effectiveTo="2027-01-31")
    programme = folders.pooled("hill", "lake") | folders.regional("TH-65")
    programme["bodies"] = {"onboarded": 2, "total": 3}
    folders.write(FOLDER, "books", **programme)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main.main(["programme", *words])
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


ENGLISH = """\
e-Office on GDCC: the national programme, as of 2026-11-22 (B.E. 2569)

Users
  in these manifests             320  0.0 % of 1,000,000
  aimed at in these MOUs         420  0.0 % of 1,000,000
  published by the ministry  610,000  61.0 % of 1,000,000, 2025-01 to 2025-05, in more than \
70 agencies
  published by the ministry  100,000  10.0 % of 1,000,000, 2025-01 to 2025-02

Agencies: 2
  By branch: central government 2
  By mechanism: central 1, regional 1
  By isolation: dedicated 1, pooled 1

Provinces
  Phitsanulok  2 of 3 bodies  66.7 %  20  users
  Named for the programme, no manifest here: Nakhon Ratchasima, Pathum Thani, Chon Buri, \
Samut Songkhram, Udon Thani, Nakhon Si Thammarat

From MOU to ready
  unknown: no environment was read

MOUs that end within 180 days, or have ended
  2027-01-31  70 days left  arts  Department arts

To be confirmed
  which months 'early 2025' means
  how long the ministry takes to renew an MOU
"""
THAI = """\
โครงการ e-Office บนระบบคลาวด์กลางภาครัฐ (GDCC), ณ วันที่ 22 พฤศจิกายน พ.ศ. 2569

ผู้ใช้งาน
  ตามแบบแจ้งข้อมูลเหล่านี้             320  ร้อยละ 0.0 ของ 1,000,000
  เป้าหมายตามบันทึกข้อตกลงเหล่านี้      420  ร้อยละ 0.0 ของ 1,000,000
  ตามที่กระทรวงเผยแพร่          610,000  ร้อยละ 61.0 ของ 1,000,000, มกราคม–พฤษภาคม 2568, \
ในหน่วยงานกว่า 70 แห่ง
  ตามที่กระทรวงเผยแพร่          100,000  ร้อยละ 10.0 ของ 1,000,000, มกราคม–กุมภาพันธ์ 2568

หน่วยงาน: 2
  จำแนกตามประเภทหน่วยงาน: ราชการส่วนกลาง 2
  จำแนกตามกลไก: ส่วนกลาง 1, ส่วนภูมิภาค 1
  จำแนกตามรูปแบบการแยก: แยกเฉพาะหน่วยงาน 1, ใช้ร่วมกัน 1

จังหวัด
  พิษณุโลก  2 จาก 3 แห่ง  66.7 %  20  ผู้ใช้งาน
  จังหวัดในโครงการที่ยังไม่มีแบบแจ้งข้อมูล: นครราชสีมา, ปทุมธานี, ชลบุรี, สมุทรสงคราม, \
อุดรธานี, นครศรีธรรมราช

ระยะเวลาตั้งแต่ลงนามจนพร้อมใช้งาน
  ไม่ทราบ เนื่องจากมิได้อ่านสภาพแวดล้อมใด

บันทึกข้อตกลงที่จะสิ้นสุดภายใน 180 วัน หรือสิ้นสุดแล้ว
  31 มกราคม 2570  เหลือ 70 วัน  arts  กรม arts

รอการยืนยัน
  คำว่าต้นปี 2568 หมายถึงเดือนใด
  ระยะเวลาที่กระทรวงใช้ในการต่ออายุบันทึกข้อตกลง
"""
CSV = """\
id,nameEn,nameTh,branch,mechanism,isolation,province,provinceEn,provinceTh,users,usersTarget,\
bodies,bodiesTotal,coveragePercent,signedOn,effectiveFrom,effectiveTo,daysLeft,term,readyOn,\
leadDays
arts,Department arts,กรม arts,executive-central,central,dedicated,TH-10,Bangkok,กรุงเทพมหานคร,\
300,400,,,,2025-02-03,2025-02-03,2027-01-31,70,ending,,
books,Department books,กรม books,executive-central,regional,pooled,TH-65,Phitsanulok,พิษณุโลก,\
20,20,2,3,66.7,2025-02-03,2025-02-03,2028-02-02,437,running,,
"""


@pytest.mark.parametrize(("language", "expected"), [("en", ENGLISH), ("th", THAI)])
def test_the_whole_report(capsys: pytest.CaptureFixture[str], language: str, expected: str) -> None:
    assert run(capsys, "agencies", *AS_OF, "--language", language) == (0, expected, "")


def test_csv_is_one_line_an_agency(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "agencies", *AS_OF, "--output", "csv") == (0, CSV, "")


def test_a_spreadsheet_runs_no_text_of_a_manifest(capsys: pytest.CaptureFixture[str]) -> None:
    folders.write(FOLDER, "calc", agency__nameEn="=1+1")
    _, out, _ = run(capsys, "agencies", *AS_OF, "--output", "csv")
    assert "\ncalc,'=1+1," in out


def test_phitsanulok_covers_55_3_percent(capsys: pytest.CaptureFixture[str]) -> None:
    example = str(ROOT / "examples/plk-lao.yaml")
    assert "57 of 103 bodies  55.3 %" in run(capsys, example, *AS_OF)[1]
    told = json.loads(run(capsys, example, *AS_OF, "-o", "json")[1])
    assert told["coverage"]["percent"] == 55.3
    assert told["agencies"][0]["provinceTh"] == "พิษณุโลก"


def test_ready_is_read_from_the_records_of_the_environment(
    capsys: pytest.CaptureFixture[str], target: Path
) -> None:
    files.FileStore(environment.load(target).store()).record("arts", "verified", ready=True)
    code, out, err = run(capsys, "agencies", "-o", "json")
    told = json.loads(out)
    assert (code, err, told["environment"]) == (0, "", "unit")
    arts, books = told["agencies"]
    assert arts["leadDays"] == told["leadDaysMedian"] > 0
    assert (books["readyOn"], books["leadDays"]) == (None, None)
    assert told["users"]["ready"] == 300
    lead = run(capsys, "agencies")[1].partition("From MOU to ready\n")[2].splitlines()[0]
    assert re.fullmatch(r"  median \d+ days; 1 of 2 agencies are ready, in environment unit", lead)


def test_damaged_records_make_it_unknown_and_not_zero(
    capsys: pytest.CaptureFixture[str], target: Path
) -> None:
    store = environment.load(target).store()
    folder = store / "tenants" / "arts"
    folder.mkdir(parents=True)
    (folder / "journal.jsonl").write_text("damaged {}\ndamaged {}\n", encoding="utf-8")
    code, out, err = run(capsys, "agencies")
    assert code == 0
    assert "no agency is ready yet, in environment unit\n  unknown for arts: the records" in out
    assert "warning: the journal of arts is damaged" in err
    assert json.loads(run(capsys, "agencies", "-o", "json")[1])["unreadRecords"] == ["arts"]


def test_an_environment_that_was_asked_for_must_be_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run(capsys, "agencies", "--environment", "nowhere")
    assert (code, out) == (2, "")
    assert "there is no environment 'nowhere'" in err


def test_what_is_left_out_is_named_and_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    (FOLDER / "broken.yaml").write_text("kind: AgencyMou\n", encoding="utf-8")
    code, out, err = run(capsys, "agencies", *AS_OF)
    assert code == 2
    assert "\n1 file(s) were left out, so the figures are incomplete\n" in out
    assert "agencies/broken.yaml:1:1: agency" in err
    assert run(capsys, "agencies", "-o", "csv")[0] == 2


class Page(HTMLParser):
    """Tags with their attributes, and the texts between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    code, _, err = run(capsys, "agencies", *AS_OF, "--html", "page.html", *words)
    assert (code, err) == (0, "page.html: written\n")
    return Path("page.html").read_text(encoding="utf-8")


def test_the_page_needs_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys)
    assert {tag for tag, _ in Page(text).tags} & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
    } == set()
    assert not re.search(r"(?i)https?:|url\(|@import|src=|href=", text)


def test_the_page_is_in_the_language_with_the_buddhist_era(
    capsys: pytest.CaptureFixture[str],
) -> None:
    thai = page(capsys, "--language", "th")
    assert Page(thai).tags[0] == ("html", {"lang": "th"})
    assert "31 มกราคม 2570" in thai
    assert "ร้อยละ 0.0 ของ 1,000,000" in thai
    shown = "".join(Page(thai.partition("<main>")[2].partition("</main>")[0]).texts)
    assert not re.search(r"\b20[0-9]{2}\b", shown)
    assert Page(page(capsys)).tags[0] == ("html", {"lang": "en"})


def test_tables_of_the_page_can_be_read_aloud(capsys: pytest.CaptureFixture[str]) -> None:
    tags = Page(page(capsys)).tags
    assert all(attrs.get("scope") in ("row", "col") for tag, attrs in tags if tag == "th")
    assert next(tag for tag, _ in tags if re.fullmatch("h[1-6]", tag)) == "h1"
    assert all(attrs.get("aria-hidden") for tag, attrs in tags if attrs.get("class") == "bar")


def test_text_of_a_manifest_is_only_text_in_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    folders.write(FOLDER, "evil", agency__nameEn="<script>alert(1)</script>")
    text = page(capsys)
    assert "<script" not in text
    assert "<script>alert(1)</script>" in "".join(Page(text).texts)


def test_a_page_that_cannot_be_written_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "agencies", *AS_OF, "--html", "no/such/page.html")
    assert code == 2
    assert "error: no/such/page.html cannot be written: No such file or directory\n" in err
