"""``onboard init``: what it asks, what it refuses, and that it leaves a whole file or none."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from onboarding import manifest
from tests.running import ROOT
from tests.unit.cli.running import run

GIVEN = {
    "id": "dsd",
    "nameTh": "กรมพัฒนาฝีมือแรงงาน",
    "nameEn": "Department of Skill Development",
    "users": 2500,
    "domain": "dsd.go.th",
    "parent": "mol",
}
WRITTEN = """\
dsd.yaml: written for Department of Skill Development · กรมพัฒนาฝีมือแรงงาน
  Size: 2,500 users, class M, 2 instance(s) (prod, uat): 3.5 cores, 5.5 GiB memory, \
1,040 GiB storage
  Drafts: 14 value(s) that only the agency knows
Complete it, then run: onboard validate dsd.yaml --verbose
"""
THAI = """\
x.yaml: จัดทำแบบแจ้งข้อมูลของ Department of Skill Development · กรมพัฒนาฝีมือแรงงาน แล้ว
  ขนาดระบบ: 2,500 ผู้ใช้ ระดับ M จำนวน 2 ระบบ (prod, uat): ซีพียู 3.5 คอร์ หน่วยความจำ 5.5 GiB \
พื้นที่จัดเก็บ 1,040 GiB
  ค่าชั่วคราว: 14 รายการ ซึ่งหน่วยงานต้องระบุ
แก้ไขให้ครบถ้วน แล้วใช้คำสั่ง: onboard validate x.yaml --verbose
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return tmp_path


@pytest.fixture
def answers(folder: Path) -> str:
    (folder / "a.json").write_text(json.dumps(GIVEN), encoding="utf-8")
    return "a.json"


def files() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def types(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """Somebody sits at a terminal and types ``lines``, then leaves (Ctrl-D)."""
    terminal = io.StringIO("".join(f"{line}\n" for line in lines))
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)


def test_answers_of_a_file_are_written_without_a_question(
    capsys: pytest.CaptureFixture[str], answers: str
) -> None:
    done = run(capsys, "init", "dsd.yaml", "--preset", "department", "--answers", answers)
    assert done == (0, WRITTEN, "")
    assert manifest.load(Path("dsd.yaml")).agency.name_th == "กรมพัฒนาฝีมือแรงงาน"
    assert files() == ["a.json", "dsd.yaml"]


def test_the_result_is_json_for_machines(capsys: pytest.CaptureFixture[str], answers: str) -> None:
    code, out, err = run(
        capsys, "init", "dsd.yaml", "--preset", "department", "--answers", answers, "-o", "json"
    )
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "file": "dsd.yaml",
        "preset": "department",
        "users": 2500,
        "instances": 2,
        "class": "M",
        "cores": 3.5,
        "memoryGi": 5.5,
        "storageGi": 1040,
        "drafts": 14,
        "confirm": [],
        "next": "onboard validate dsd.yaml --verbose",
    }


def test_everything_missing_and_wrong_is_named_at_once_where_nobody_can_be_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("id=MOC", "users=๙๐๐", "signedOn=6/7/2568", "usres=3")
    given = [word for pair in words for word in ("--set", pair)]
    code, out, err = run(capsys, "init", "x.yaml", *given)
    assert (code, out, files()) == (2, "", [])
    lines = err.splitlines()
    assert lines[0] == "error: 7 answer(s) are missing or wrong"
    assert lines[1].startswith('  --set: id (รหัสหน่วยงาน): is not a usable id, got "MOC" (use 1-30')
    assert lines[2].startswith("  --set: signedOn (วันที่ลงนาม): '6/7/2568' may be 2025-07-06 or 2025")
    assert lines[3].startswith("  --set: usres: unknown key 'usres' (did you mean 'users'")
    assert lines[4:] == [
        "  missing: preset: Preset (see --list-presets)",
        "  missing: nameTh: Official name in Thai (as in its law)",
        "  missing: nameEn: Official name in English",
        "  missing: domain: Domain (e.g. agency.go.th)",
        "Give them with --answers FILE or --set KEY=VALUE, or run it on a terminal to be asked.",
    ]


def test_an_existing_file_is_only_replaced_by_force(
    capsys: pytest.CaptureFixture[str], answers: str
) -> None:
    Path("dsd.yaml").write_text("mine", encoding="utf-8")
    words = ("init", "dsd.yaml", "--preset", "department", "--answers", answers)
    assert run(capsys, *words) == (
        2,
        "",
        "error: dsd.yaml exists already\nName another file, or add --force to replace it.\n",
    )
    assert Path("dsd.yaml").read_text(encoding="utf-8") == "mine"
    assert run(capsys, *words, "--force") == (0, WRITTEN, "")
    assert files() == ["a.json", "dsd.yaml"]


def test_a_folder_that_is_not_there_is_told_before_anything_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    types(monkeypatch, "ministry")
    assert run(capsys, "init", "none/dsd.yaml") == (
        2,
        "",
        (
            "error: none/dsd.yaml cannot be written: No such file or directory\n"
            "Name a file in a folder that exists and that you may write to.\n"
        ),
    )


def test_questions_refuse_nonsense_with_a_reason_and_ask_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    types(
        monkeypatch,
        "village", "2", "DSD", "dsd", "Skill", "กรมพัฒนาฝีมือแรงงาน", "Skill Development",
        "dsd", "mol", "many", "๒,๕๐๐", "100", "", "dsd", "dsd.go.th", "TH-00", "", "รง",
        "", "12/2568", "6/7/2568", "13 มิ.ย. 2568", "", "2025-06-12", "",
    )  # fmt: skip
    code, out, err = run(capsys, "init", "dsd.yaml", "--as-of", "2026-11-22")
    assert code == 0
    assert out.endswith("Complete it, then run: onboard validate dsd.yaml --verbose\n")
    assert [line for line in err.splitlines() if line.startswith(" ") and line[3:4].isdigit()]
    assert [line.split("\n")[0][:40] for line in err.split("Error: ")[1:]] == [
        "there is no preset 'village'. Use one of",
        'is not a usable id, got "DSD" (use 1-30 ',
        'has no Thai letter, got "Skill" (write t',
        "an agency is not above itself (name the ",
        'expected a whole number, got "many" (wri',
        "is less than the 2,500 users at the star",
        'is not a domain name, got "dsd" (write i',
        "is not a province of ISO 3166-2:TH, got ",
        "'6/7/2568' may be 2025-07-06 or 2025-06-",
        "is before the beginning, 2025-06-13 (cor",
    ]
    built = manifest.load(Path("dsd.yaml"))
    assert (built.users.initial, built.users.target) == (2500, 2500)
    assert (str(built.mou.signed_on), str(built.mou.effective_to)) == ("2025-06-13", "2028-06-12")
    assert (built.mou.number, built.agency.letter_code) == ("12/2568", "รง")


def test_questions_and_comments_are_thai_where_the_locale_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "th_TH.UTF-8")
    types(monkeypatch, "1", "dsd", "กรม", "Skill", "9", "", "dsd.go.th", "", "", "", "", "")
    code, _, err = run(capsys, "init", "x.yaml", "--as-of", "2026-11-22")
    assert code == 130
    asked = "ชนิดหน่วยงาน (เลขหรือชื่อ): รหัสหน่วยงาน (a-z ตัวเลข และขีดกลาง เปลี่ยนภายหลังไม่ได้): "
    assert asked in err
    assert "วันที่ลงนาม (เช่น 13 มิ.ย. 2568) [22 พ.ย. 2569]: " in err
    assert "Short id" not in err
    monkeypatch.setattr("sys.stdin", io.StringIO())
    pairs = [word for key, value in GIVEN.items() for word in ("--set", f"{key}={value}")]
    assert run(capsys, "init", "x.yaml", "--preset", "department", *pairs) == (0, THAI, "")
    assert "# บันทึกข้อตกลง" in Path("x.yaml").read_text(encoding="utf-8")


def test_with_a_file_of_answers_only_what_is_needed_is_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    of = {key: value for key, value in GIVEN.items() if key != "domain"}
    Path("a.json").write_text(json.dumps({**of, "preset": "department"}), encoding="utf-8")
    types(monkeypatch, "dsd.go.th")
    code, _, err = run(capsys, "init", "dsd.yaml", "--answers", "a.json")
    assert (code, err) == (0, "Domain (e.g. agency.go.th): ")


def test_whoever_leaves_leaves_nothing_behind(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for typed in ([], ["ministry"], ["ministry", "moc"]):
        types(monkeypatch, *typed)
        code, _, err = run(capsys, "init", "x.yaml")
        assert code == 130
        assert err.endswith(
            "error: interrupted; nothing was written\nRun the same command to begin anew.\n"
        )
        assert files() == []


def test_ctrl_c_at_a_real_terminal_leaves_nothing_behind(folder: Path) -> None:
    ours, theirs = pty.openpty()
    words = ["init", str(folder / "x.yaml"), "--preset", "court", "--language", "en"]
    with subprocess.Popen(
        [sys.executable, "-m", "onboarding", *words],
        cwd=ROOT, stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stderr is not None
        os.write(ours, b"court\n")
        said = b""
        while b"Official name" not in said:
            said += child.stderr.read(1)
        while child.poll() is None:
            # A person presses it again, should it be lost in a callback of the interpreter.
            child.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=5)
        said += child.stderr.read()
    os.close(ours)
    os.close(theirs)
    assert child.returncode == 130
    assert said.decode().endswith(
        "error: interrupted; nothing was written\nRun the same command to begin anew.\n"
    )
    assert files() == []


def test_the_presets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "init", "--list-presets")
    assert (code, err) == (0, "")
    assert out.splitlines()[:3] == [
        "ministry             Ministry",
        "department           Department of a ministry",
        "provincial-office    Provincial office of a ministry",
    ]
    _, thai, _ = run(capsys, "init", "--list-presets", "--language", "th", "--verbose")
    assert thai.splitlines()[0] == "ministry             กระทรวง"
    assert "    โปรดยืนยัน: ประกาศ พ.ศ. 2566 ระบุชื่อหน่วยงานไว้หรือไม่" in thai.splitlines()
    _, listed, _ = run(capsys, "init", "--list-presets", "-o", "json")
    court = next(p for p in json.loads(listed)["presets"] if p["name"] == "court")
    assert court["exemption"] == {"paragraph": "s4(5)", "scope": "การพิจารณาพิพากษาคดี"}
    assert {basis["rule"] for basis in court["basis"]} >= {"epa2565", "pdpa", "dpo"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "error: Missing argument 'FILE'.\nSee: onboard init --help\n"),
        (["x.yaml", "--set", "id"], "error: --set 'id' has no '='\nWrite --set KEY=VALUE.\n"),
        (["x.yaml", "--answers", "none"], "error: none does not exist\nCheck the path.\n"),
    ],
)
def test_wrong_usage(capsys: pytest.CaptureFixture[str], words: list[str], expected: str) -> None:
    assert run(capsys, "init", *words) == (2, "", expected)


def test_the_answers_of_the_how_to_give_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs/how-to/manifest.md").read_text(encoding="utf-8")
    block = page.partition("```yaml\n")[2].partition("```")[0]
    Path("answers.yaml").write_text(block, encoding="utf-8")
    command, _, shown = page.partition("$ onboard init dsd.yaml")[2].partition("\n")
    code, out, err = run(capsys, "init", "dsd.yaml", *command.split())
    assert (code, out, err) == (0, shown.partition("```")[0], "")
    assert str(manifest.load(Path("dsd.yaml")).mou.signed_on) == "2025-06-13"
