"""The same findings for people, in two languages, and for machines."""

from __future__ import annotations

import json

import pytest

from onboarding import clock, environment, policy, tenant
from onboarding.policies import table
from onboarding.policy import Stage, Verdict
from onboarding.report import json as as_json
from onboarding.report import text, words
from tests.policies import world


def finding(
    control_id: str,
    verdict: Verdict,
    subject: str = "Namespace x",
    seen: str = "",
    stage: Stage = Stage.LIVE,
    basis: str = "",
) -> policy.Finding:
    result = policy.Result(verdict, subject, seen, basis=basis)
    return policy.Finding(table.get(control_id), "moph", stage, result)


FOUND = (
    finding("TEN-001", Verdict.PASS, "Namespace a"),
    finding("TEN-001", Verdict.PASS, "Namespace b"),
    finding("TEN-002", Verdict.FAIL, "Namespace a", "got baseline; expected restricted"),
    finding("TEN-002", Verdict.PASS, "Namespace b"),
    finding("SEC-005", Verdict.UNKNOWN, "moph", "not seen: TokenSummary: forbidden"),
    finding("MOU-005", Verdict.NOT_APPLICABLE, "moph", "central", Stage.MANIFEST),
    finding("DOC-001", Verdict.PASS, "Settings a/b", "all", basis="configuration"),
    finding("MOU-010", Verdict.PASS, "security.category", "high", Stage.MANIFEST),
    finding("TEN-003", Verdict.WAIVED, "Namespace a", "waived until 2027-01-01"),
)

ENGLISH = """\
  FAIL    TEN-002  Pod Security is restricted and pinned  (critical; 1 FAIL, 1 pass)
      FAIL    Namespace a: got baseline; expected restricted
      remedy: Restore the pod-security.kubernetes.io labels (run apply).
  UNKNOWN SEC-005  No root token, no long-lived token  (critical; 1 UNKNOWN)
      UNKNOWN moph: not seen: TokenSummary: forbidden
      remedy: Revoke the token.
  waived  TEN-003  Quota equals the computed size  (high; 1 waived)
      waived  Namespace a: waived until 2027-01-01

in order: 4 controls (each of them: --verbose)
  DOC    1  e-Office  (1 pass)
  MOU    2  Manifest and law  (1 pass, 1 n/a)
  TEN    1  Tenancy  (2 pass)

7 controls, 9 findings: 1 failed, 1 could not be determined, 1 waived, 5 passed, 1 not applicable"""


def test_what_stands_open_comes_first_and_says_what_to_do() -> None:
    assert text.findings(FOUND) == ENGLISH


def test_only_what_stands_open() -> None:
    shown = text.open_findings(FOUND)
    assert shown.startswith("  FAIL    TEN-002")
    assert "in order" not in shown
    assert shown.endswith(ENGLISH.splitlines()[-1])


def test_verbose_groups_by_area_with_the_failing_ones_first() -> None:
    shown = text.findings(FOUND, verbose=True)
    places = [shown.index(area) for area in ("TEN  Tenancy", "SEC  Vault", "MOU  Manifest")]
    assert places == sorted(places)


def test_what_a_person_has_to_confirm_is_shown() -> None:
    assert "      to be confirmed: the impact level" in text.findings(FOUND, verbose=True)


def test_verbose_lists_every_object_with_stage_and_basis() -> None:
    shown = text.findings(FOUND, verbose=True)
    assert "      pass    Namespace b\n" in shown
    assert "      n/a     moph: central [manifest]\n" in shown
    assert "      pass    Settings a/b: all [basis: configuration]\n" in shown


def test_thai() -> None:
    shown = text.findings(FOUND, language="th")
    assert shown.startswith("  ไม่ผ่าน       TEN-002")
    assert "  TEN    1  การแยกพื้นที่หน่วยงาน" in shown
    assert "กำหนดระดับความปลอดภัยของพอดเป็น restricted พร้อมระบุรุ่น" in shown
    assert "วิธีแก้ไข: เพิกถอนโทเคน" in shown
    assert shown.endswith(
        "7 มาตรการ 9 ผลการตรวจ: ไม่ผ่าน 1, ตรวจสอบไม่ได้ 1, ได้รับยกเว้น 1, ผ่าน 5, ไม่ใช้บังคับ 1"
    )


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "As of 2026-11-22 (B.E. 2569)"),
        ("th", "ณ วันที่ 22 พฤศจิกายน พ.ศ. 2569"),
    ],
)
def test_the_day_is_shown_in_the_buddhist_era(language: str, heading: str) -> None:
    shown = text.findings(FOUND, language=language, now=world.NOW)
    assert shown.splitlines()[0] == heading


def test_marks_stand_around_verdicts_only_where_asked_for() -> None:
    marks = {Verdict.FAIL: ("<red>", "</red>")}
    shown = text.findings(FOUND, marks=marks)
    assert "  <red>FAIL   </red> TEN-002" in shown
    assert "\x1b" not in text.findings(FOUND)


def test_many_objects_are_cut_unless_verbose() -> None:
    many = [finding("TEN-001", Verdict.FAIL, f"Namespace {n}") for n in range(25)]
    assert "      and 5 more\n" in text.findings(many)
    assert "and 5 more" not in text.findings(many, verbose=True)


def test_nothing_found_is_said_in_numbers() -> None:
    assert text.findings([]).strip().startswith("0 controls, 0 findings")


def test_an_unknown_language_is_english() -> None:
    assert text.findings(FOUND, language="xx") == ENGLISH


def test_both_languages_have_the_same_words() -> None:
    assert set(words.WORDS["en"]) == set(words.WORDS["th"])
    areas = {control.id[:3] for control in table.CONTROLS}
    assert areas <= set(words.WORDS["en"])


@pytest.fixture
def at(tmp_path_factory: pytest.TempPathFactory) -> environment.Environment:
    return world.target(tmp_path_factory.mktemp("target"))


def test_the_json_report_is_whole(at: environment.Environment) -> None:
    of = tenant.resolve(world.agency("moph"), at)
    report = as_json.findings(FOUND, of, at, clock.Clock(world.TODAY))
    assert json.loads(json.dumps(report, ensure_ascii=False)) == report
    assert report["schemaVersion"] == "1"
    assert report["tool"]["name"] == "gdcc-onboarding"
    assert (report["environment"], report["production"]) == ("unit", False)
    assert report["tenant"] == {
        "id": "moph",
        "nameTh": "กระทรวงสาธารณสุข",
        "nameEn": "Ministry of Public Health",
    }
    assert (report["asOf"], report["asOfBuddhistEra"]) == ("2026-11-22", "2569-11-22")
    assert report["summary"] == {
        "pass": 5,
        "fail": 1,
        "waived": 1,
        "not-applicable": 1,
        "unknown": 1,
        "controls": 7,
        "ready": False,
    }
    assert [f["id"] for f in report["findings"]] == sorted(f.control.id for f in FOUND)


def test_a_finding_as_json() -> None:
    assert as_json.finding(FOUND[2]) == {
        "id": "TEN-002",
        "titleEn": "Pod Security is restricted and pinned",
        "titleTh": "กำหนดระดับความปลอดภัยของพอดเป็น restricted พร้อมระบุรุ่น",
        "severity": "critical",
        "stage": "live",
        "verdict": "fail",
        "subject": "Namespace a",
        "seen": "got baseline; expected restricted",
        "basis": "",
        "evidence": {},
        "confirm": "",
        "remedyEn": "Restore the pod-security.kubernetes.io labels (run apply).",
        "remedyTh": "คืนค่าป้ายกำกับ pod-security.kubernetes.io (ดำเนินการ apply)",
        "sources": ["PSA-P"],
        "gates": True,
    }
