"""``onboard validate`` over files and folders, as a user sees it: whole outputs and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onboarding.cli import main, validate
from tests.unit import folders


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("agencies").mkdir()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main.main(["validate", *words])
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


ENVIRONMENT = "kind: Environment\nname: lab\n"
FOLDER = Path("agencies")


def test_one_file_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    folders.write(FOLDER, "arts")
    expected = "agencies/arts.yaml: valid: Department arts · กรม arts\n"
    assert run(capsys, "agencies/arts.yaml") == (0, expected, "")


def test_a_folder_is_checked_whole(capsys: pytest.CaptureFixture[str]) -> None:
    folders.write(FOLDER, "arts", mou__number="TBD")
    folders.write(FOLDER, "books", agency__parent="culture")
    (FOLDER / "onboard.yaml").write_text(ENVIRONMENT, encoding="utf-8")
    code, out, err = run(capsys, "agencies")
    assert code == 0
    assert out == (
        "agencies/arts.yaml: valid: Department arts · กรม arts  (1 draft value)\n"
        "agencies/books.yaml: valid: Department books · กรม books\n"
        "2 valid, 0 with problems, 1 skipped\n"
    )
    assert err == (
        "warning: agencies/onboard.yaml: skipped: of kind Environment, so it is no manifest\n"
        "warning: agencies/books.yaml:17:3: agency.parent (สังกัด): no manifest of 'culture' is"
        " among these files\n"
    )


def test_problems_of_a_file_and_between_files_stand_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    folders.write(FOLDER, "arts", users={"initial": 9, "target": 1})
    folders.write(FOLDER, "books", agency__domains=["arts.go.th"])
    (FOLDER / "empty.yaml").write_text("", encoding="utf-8")
    code, out, err = run(capsys, "agencies")
    assert (code, out) == (2, "0 valid, 3 with problems\n")
    assert err == (
        "error: 3 problem(s) in 3 file(s)\n"
        "  agencies/arts.yaml:39:3: users.initial (จำนวนผู้ใช้เริ่มต้น): initial 9 above target 1"
        " (MOU-006) (correct one of the two)\n"
        "  agencies/empty.yaml:1:1: the file is empty (start from: onboard init)\n"
        "  agencies/books.yaml:14:4: agency.domains[0] (โดเมน): domain 'arts.go.th' is claimed by"
        " arts (agencies/arts.yaml:14:4) too (give one of them another value)\n"
        "Mend the places above, then run the command again.\n"
    )


def test_a_waiver_makes_a_judged_mistake_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    waiver = {
        "control": "MOU-006", "object": "users", "reason": "r", "requestedBy": "a",
        "approvedBy": "b", "expires": "2027-01-01",
    }  # fmt: skip
    folders.write(FOLDER, "arts", users={"initial": 9, "target": 1}, waivers=[waiver])
    code, _, err = run(capsys, "agencies/arts.yaml")
    assert code == 0
    assert "initial 9 above target 1 (MOU-006) (waived by MOU-006)" in err


def test_json_holds_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    folders.write(FOLDER, "arts", mou__number="TBD")
    folders.write(FOLDER, "books", agency__domains=["arts.go.th"], agency__parent="culture")
    (FOLDER / "onboard.yaml").write_text(ENVIRONMENT, encoding="utf-8")
    code, out, err = run(capsys, "agencies", "-o", "json")
    assert (code, err) == (2, "")
    told = json.loads(out)
    assert [(f["file"], f["id"], f["valid"]) for f in told["files"]] == [
        ("agencies/arts.yaml", "arts", True),
        ("agencies/books.yaml", "books", False),
    ]
    (problem,) = told["files"][1]["problems"]
    assert (problem["line"], problem["field"]) == (14, "agency.domains[0] (โดเมน)")
    (draft,) = told["files"][0]["drafts"]
    assert draft["line"] == 20
    (note,) = told["notes"]
    assert (note["file"], note["line"]) == ("agencies/books.yaml", 17)
    assert told["skipped"] == [{"file": "agencies/onboard.yaml", "reason": "of kind Environment"}]


def test_of_many_files_only_the_number_and_the_progress_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "_LISTED", 1)
    monkeypatch.setattr(validate, "_LONG", 2)
    folders.write(FOLDER, "arts")
    folders.write(FOLDER, "books")
    code, out, err = run(capsys, "agencies")
    assert (code, out) == (0, "2 valid, 0 with problems\n")
    assert err.startswith("- Read 2 files\n+ Read 2 files: ")
    assert run(capsys, "agencies", "--quiet")[2] == ""
