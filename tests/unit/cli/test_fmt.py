"""``onboard fmt``: what it prints, what it writes, and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.running import run
from tests.unit.manifest.test_fmt import TIDY

UNTIDY = TIDY.replace(
    "tenancy: {isolation: dedicated, environments: [prod]}",
    "tenancy: {environments: [prod], isolation: dedicated}",
)
DIFF = """\
--- a.yaml
+++ a.yaml (in good form)
@@ -34,3 +34,3 @@
 users: {initial: 300, target: 400}
-tenancy: {environments: [prod], isolation: dedicated}
+tenancy: {isolation: dedicated, environments: [prod]}
 security:
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the current folder, so that its name in the output is short."""
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text(UNTIDY, encoding="utf-8")
    return Path("a.yaml")


def test_a_file_is_written_in_good_form_once(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.chmod(0o640)
    assert run(capsys, "fmt", "a.yaml") == (0, "a.yaml: written\n", "")
    assert file.read_text(encoding="utf-8") == TIDY
    assert file.stat().st_mode & 0o777 == 0o640
    assert run(capsys, "fmt", "a.yaml") == (0, "", "")
    assert list(Path().iterdir()) == [file]


def test_check_and_diff_write_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "fmt", "--check", "a.yaml") == (4, "a.yaml: not in good form\n", "")
    assert run(capsys, "fmt", "--diff", "a.yaml") == (0, DIFF, "")
    assert run(capsys, "fmt", "--check", "--diff", "a.yaml") == (4, DIFF, "")
    assert file.read_text(encoding="utf-8") == UNTIDY
    file.write_text(TIDY, encoding="utf-8")
    assert run(capsys, "fmt", "--check", "a.yaml") == (0, "", "")


def test_only_line_ends_differ(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + TIDY.replace("\n", "\r\n").encode())
    assert run(capsys, "fmt", "a.yaml") == (0, "a.yaml: written\n", "")
    assert file.read_bytes() == TIDY.encode()


def test_a_date_of_the_buddhist_era_is_told_and_mended_on_request_only(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(TIDY.replace("signedOn: 2025", "signedOn: 2568"), encoding="utf-8")
    written = file.read_bytes()
    code, out, err = run(capsys, "fmt", "a.yaml")
    assert (code, out) == (2, "")
    assert err == (
        "error: 1 problem(s) in 1 file(s), which were left alone\n"
        "  a.yaml:23:3: mou.signedOn (วันที่ลงนาม): the year looks like the Buddhist Era,"
        ' got "2568-02-03" (write the Gregorian date 2025-02-03)\n'
        "Mend the places above, then run the command again."
        " Dates of the Buddhist Era are mended by --fix-dates.\n"
    )
    assert file.read_bytes() == written
    assert run(capsys, "fmt", "--fix-dates", "a.yaml") == (0, "a.yaml: written\n", "")
    assert file.read_text(encoding="utf-8") == TIDY


def test_an_invalid_file_is_left_alone_and_the_others_are_written(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("b.yaml").write_text("kind: AgencyMou\n", encoding="utf-8")
    code, out, err = run(capsys, "fmt", "b.yaml", "a.yaml", "c.yaml", "-o", "json")
    assert code == 2
    assert json.loads(out) == {
        "files": [
            {"file": "b.yaml", "valid": False, "changes": False, "written": False},
            {"file": "a.yaml", "valid": True, "changes": True, "written": True},
            {"file": "c.yaml", "valid": False, "changes": False, "written": False},
        ]
    }
    told = json.loads(err)["error"]
    assert told["message"].endswith("problem(s) in 2 file(s), which were left alone")
    assert told["details"][-1] == "c.yaml: does not exist"
    assert file.read_text(encoding="utf-8") == TIDY
    assert Path("b.yaml").read_text(encoding="utf-8") == "kind: AgencyMou\n"
