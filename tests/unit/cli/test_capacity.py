"""``onboard capacity`` as a user sees it: whole outputs and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onboarding.cli import main
from tests.unit import folders

FOLDER = Path("agencies")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    FOLDER.mkdir()
    folders.write(FOLDER, "arts")
    folders.write(FOLDER, "books", **folders.pooled("hill", "lake"))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main.main(["capacity", *words])
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


ENGLISH = """\
Capacity for 320 users of 2 agencies
Sizing profile 2026.2 (to be confirmed: the coefficients are assumptions; measure them on \
the e-Office product)

  cores          1.25  requested, at most 2.50
  memory, GiB       2  requested, at most 4
  storage, GiB    140  as quotas ask for, for the first 2 years
  namespaces        2
  pods             38  as quotas allow, 3 of them running
  certificates      4  authorities 2, ingress 2
  realms            1
  organizations     2
  OIDC clients      2

Storage to the end of each retention, GiB
  year 1    90
  year 2   140
  year 3   210
  year 4   260
  year 5   320
  year 6   380
  year 7   440
  year 8   490
  year 9   560
  year 10  610

Documented limits, of one installation
  Kubernetes      nodes             1    / 5,000  0.0 %  within
  Kubernetes      pods             38  / 150,000  0.0 %  within
  Kubernetes      namespaces        2   / 10,000  0.0 %  within
  Kubernetes      services          2   / 10,000  0.0 %  within
  Vault, OpenBao  secrets engines   2   / 14,000  0.0 %  within
  Vault, OpenBao  certificates      4  / 250,000  0.0 %  within
  Keycloak        realms            1      / 300  0.3 %  within
  Keycloak        organizations     2    / 1,500  0.1 %  within

Needed at least, with every limit used to less than 80 %
  Kubernetes      1
  Vault, OpenBao  1
  Keycloak        1

To be confirmed
  Vault, OpenBao, secrets engines 14,000: OpenBao 2.1 and newer split the table of mounts \
and state no such limit; which product runs?
  Keycloak, realms 300: Keycloak documents no limit; measure the operator's installation
  Keycloak, organizations 1,500: Keycloak documents no limit; measure the operator's installation
  one node, cores 30: size of the operator's nodes
  one node, memory, GiB 120: size of the operator's nodes
"""
THAI = """\
ความต้องการทรัพยากรของ 2 หน่วยงาน ผู้ใช้ 320 ราย
เกณฑ์คำนวณขนาดฉบับ 2026.2 (รอการยืนยัน: ค่าสัมประสิทธิ์เป็นสมมติฐาน ให้วัดจากระบบ e-Office จริง)

  หน่วยประมวลผล (คอร์)   1.25  ที่ขอใช้ สูงสุด 2.50
  หน่วยความจำ (GiB)        2  ที่ขอใช้ สูงสุด 4
  พื้นที่จัดเก็บ (GiB)        140  ตามโควตาสำหรับ 2 ปีแรก
  เนมสเปซ                 2
  พอด                    38  ตามโควตา ทำงานจริง 3
  ใบรับรองอิเล็กทรอนิกส์       4  ผู้ออกใบรับรอง 2, เว็บไซต์ 2
  เรล์ม                    1
  องค์กรในระบบยืนยันตัวตน     2
  ไคลเอนต์ OIDC            2

พื้นที่จัดเก็บจนสิ้นสุดอายุการเก็บรักษา (GiB)
  ปีที่ 1    90
  ปีที่ 2   140
  ปีที่ 3   210
  ปีที่ 4   260
  ปีที่ 5   320
  ปีที่ 6   380
  ปีที่ 7   440
  ปีที่ 8   490
  ปีที่ 9   560
  ปีที่ 10  610

ขีดจำกัดตามเอกสารของระบบหนึ่งชุด
  Kubernetes      โหนด                  1    / 5,000  0.0 %  อยู่ในเกณฑ์
  Kubernetes      พอด                  38  / 150,000  0.0 %  อยู่ในเกณฑ์
  Kubernetes      เนมสเปซ               2   / 10,000  0.0 %  อยู่ในเกณฑ์
  Kubernetes      เซอร์วิส                2   / 10,000  0.0 %  อยู่ในเกณฑ์
  Vault, OpenBao  เอนจินเก็บความลับ        2   / 14,000  0.0 %  อยู่ในเกณฑ์
  Vault, OpenBao  ใบรับรองอิเล็กทรอนิกส์     4  / 250,000  0.0 %  อยู่ในเกณฑ์
  Keycloak        เรล์ม                  1      / 300  0.3 %  อยู่ในเกณฑ์
  Keycloak        องค์กรในระบบยืนยันตัวตน   2    / 1,500  0.1 %  อยู่ในเกณฑ์

จำนวนชุดขั้นต่ำที่ต้องมี โดยใช้แต่ละขีดจำกัดไม่ถึงร้อยละ 80
  Kubernetes      1
  Vault, OpenBao  1
  Keycloak        1

รอการยืนยัน
  Vault, OpenBao, เอนจินเก็บความลับ 14,000: OpenBao ตั้งแต่รุ่น 2.1 ไม่มีขีดจำกัดนี้ \
ให้ยืนยันว่าใช้ผลิตภัณฑ์ใด
  Keycloak, เรล์ม 300: Keycloak มิได้กำหนดขีดจำกัดไว้ ให้ทดสอบวัดกับระบบของผู้ให้บริการ
  Keycloak, องค์กรในระบบยืนยันตัวตน 1,500: Keycloak มิได้กำหนดขีดจำกัดไว้ \
ให้ทดสอบวัดกับระบบของผู้ให้บริการ
  หนึ่งโหนด, หน่วยประมวลผล (คอร์) 30: ขนาดโหนดของผู้ให้บริการ
  หนึ่งโหนด, หน่วยความจำ (GiB) 120: ขนาดโหนดของผู้ให้บริการ
"""


@pytest.mark.parametrize(("language", "expected"), [("en", ENGLISH), ("th", THAI)])
def test_the_whole_report(capsys: pytest.CaptureFixture[str], language: str, expected: str) -> None:
    assert run(capsys, "agencies", "--language", language) == (0, expected, "")


def test_json_holds_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "agencies", "-o", "json")
    told = json.loads(out)
    assert (code, err, told["leftOut"]) == (0, "", [])
    assert (told["agencies"], told["users"]) == (2, 320)
    assert told["cpu"] == {"requestMilli": 1250, "limitMilli": 2500}
    assert told["sizingProfile"]["confirm"]
    assert len(told["storage"]["byYearGi"]) == 10
    assert told["needed"] == {"cluster": 1, "vault": 1, "keycloak": 1}
    (namespaces,) = [one for one in told["limits"] if one["quantity"] == "namespaces"]
    assert (namespaces["used"], namespaces["limit"], namespaces["state"]) == (2, 10_000, "within")


def test_what_is_left_out_is_named_and_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    (FOLDER / "broken.yaml").write_text("kind: AgencyMou\n", encoding="utf-8")
    copy = (FOLDER / "arts.yaml").read_text(encoding="utf-8")
    (FOLDER / "copy.yaml").write_text(copy, encoding="utf-8")
    code, out, err = run(capsys, "agencies")
    assert (code, out) == (2, ENGLISH)
    assert err.startswith("error: 2 file(s) were left out, so the figures are incomplete\n")
    assert "agencies/broken.yaml:1:1: agency (หน่วยงาน): is missing" in err
    assert (
        "agencies/copy.yaml: the agency 'arts' was counted from agencies/arts.yaml already"
        " (remove one of the two files)\n"
    ) in err
    code, out, _ = run(capsys, "agencies", "-o", "json")
    assert code == 2
    assert {one["file"] for one in json.loads(out)["leftOut"]} == {
        "agencies/broken.yaml", "agencies/copy.yaml",
    }  # fmt: skip


def test_what_is_something_else_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    (FOLDER / "onboard.yaml").write_text("kind: Environment\n", encoding="utf-8")
    warning = "warning: agencies/onboard.yaml: skipped: of kind Environment, so it is no manifest\n"
    assert run(capsys, "agencies") == (0, ENGLISH, warning)
