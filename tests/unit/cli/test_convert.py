"""``onboard convert``: shown first, written when asked for, and never by halves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from onboarding import manifest
from onboarding.cli import console
from tests.running import ROOT
from tests.unit.cli.running import run

TABLE = str(ROOT / "examples/plk-bodies.csv")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the programme, in the current folder so that its name in the output is short."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "examples/plk-lao.yaml", "plk.yaml")
    return Path("plk.yaml")


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


DATES = """\
--- plk.yaml
+++ plk.yaml (converted)
@@ -25,5 +25,5 @@
   number: MOU-DE-PLK-2568        #i
-  signedOn: 13 มิ.ย. 2568           #i date of the visit, not of an MOU
+  signedOn: 2025-06-13           #i date of the visit, not of an MOU
   effectiveFrom: 2025-06-13      #i
-  effectiveTo: 2571-06-12        #i
+  effectiveTo: 2028-06-12        #i
   mechanism: regional            # coordinated by the provincial statistical office

"""


def test_dates_are_shown_then_written(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = file.read_bytes()
    change(file, "signedOn: 2025-06-13", "signedOn: 13 มิ.ย. 2568")
    change(file, "effectiveTo: 2028-06-12", "effectiveTo: 2571-06-12")
    before = file.read_bytes()
    shown = "plk.yaml: 2 change(s); nothing was written. Add --write to write them.\n"
    assert run(capsys, "convert", "plk.yaml", "--dates", "be") == (0, DATES + shown, "")
    assert file.read_bytes() == before
    file.chmod(0o640)
    done = run(capsys, "convert", "plk.yaml", "--dates", "be", "--write")
    assert done == (0, DATES + "plk.yaml: 2 change(s) written\n", "")
    assert file.read_bytes() == wanted
    assert file.stat().st_mode & 0o777 == 0o640
    assert [f.name for f in Path().iterdir()] == ["plk.yaml"]
    done = run(capsys, "convert", "plk.yaml", "--dates", "be", "--write")
    assert done == (0, "plk.yaml: nothing to change\n", "")


def test_an_unclear_date_stops_the_writing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(file, "signedOn: 2025-06-13", "signedOn: 6/7/2568")
    before = file.read_bytes()
    assert run(capsys, "convert", "plk.yaml", "--dates", "be", "--write") == (
        2,
        "",
        (
            "error: plk.yaml has 1 date(s) that a person must decide\n"
            "  plk.yaml:26:3: mou.signedOn (วันที่ลงนาม): '6/7/2568' may be 2025-07-06 or 2025-06-07"
            " (Thai letters write the day first: write 2025-07-06, if that is meant)\n"
            "Write these as YYYY-MM-DD; then run the command again.\n"
        ),
    )
    assert file.read_bytes() == before


def test_a_mark_line_ends_and_a_link_are_kept(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(file, "signedOn: 2025-06-13", "signedOn: 2568-06-13")
    text = "\ufeff" + file.read_text(encoding="utf-8").replace("\n", "\r\n")
    file.write_bytes(text.encode())
    Path("link.yaml").symlink_to("plk.yaml")
    code, _, _ = run(capsys, "convert", "link.yaml", "--dates", "be", "--write")
    assert code == 0
    assert Path("link.yaml").is_symlink()
    assert file.read_bytes().decode() == text.replace("2568-06-13", "2025-06-13")


def test_the_table_of_the_example_changes_nothing(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run(capsys, "convert", "plk.yaml", "--bodies", TABLE)
    assert done == (0, "plk.yaml: nothing to change\n", "")


def rows(*wanted: tuple[str, str, int]) -> None:
    """The table of the example with some rows in place of its own."""
    lines = Path(TABLE).read_text(encoding="utf-8").splitlines()
    for old, new, users in wanted:
        lines = [f"{new},{users}" if line.startswith(old) else line for line in lines]
    Path("t.csv").write_text("\n".join(line for line in lines if line[0] != ","), encoding="utf-8")


BODIES = """\
--- plk.yaml
+++ plk.yaml (converted)
@@ -45,4 +45,4 @@
   subTenants:                    #i split: 20 bodies with 19 users and 37 with 18 make 1,046
-    - {id: plk-001, nameTh: เทศบาลนครพิษณุโลก, users: 19}
-    - {id: plk-002, nameTh: (อปท. 2), users: 19}
+    - {id: plk-001, nameTh: เทศบาลนครพิษณุโลก, users: 29}
+    - {id: plk-002, nameTh: อบต. บ้านคลอง, users: 19}
     - {id: plk-003, nameTh: (อปท. 3), users: 19}

"""
SHORT = (
    "error: t.csv and plk.yaml do not add up; nothing was written\n"
    "  users.initial is 1,046, the table says 1,056\n"
    "Correct one of them, or take what the table says with --set-totals.\n"
)


def test_sums_that_differ_are_shown_and_written_only_when_agreed(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file.read_bytes()
    rows(
        ("plk-001,", "plk-001,เทศบาลนครพิษณุโลก", 29),
        ("plk-002,", "plk-002,อบต. บ้านคลอง", 19),
    )
    assert run(capsys, "convert", "plk.yaml", "--bodies", "t.csv") == (
        0,
        BODIES + "plk.yaml: 2 change(s); nothing was written. Add --write to write them.\n",
        "warning: users.initial is 1,046, the table says 1,056 (see --set-totals)\n",
    )
    assert run(capsys, "convert", "plk.yaml", "--bodies", "t.csv", "--write") == (4, "", SHORT)
    monkeypatch.setattr(console, "asks", lambda: True)
    monkeypatch.setattr(console, "confirm", lambda _: False)
    told = "users.initial is 1,046, the table says 1,056\n"
    done = run(capsys, "convert", "plk.yaml", "--bodies", "t.csv", "--write")
    assert done == (4, "", told + SHORT)
    assert file.read_bytes() == before
    monkeypatch.setattr(console, "confirm", lambda _: True)
    code, out, err = run(capsys, "convert", "plk.yaml", "--bodies", "t.csv", "--write")
    assert (code, err) == (0, told)
    assert "+users: {initial: 1056, target: 1900}  #i target" in out
    assert manifest.load(file).users.initial == 1056


def test_a_body_that_the_table_lacks_goes_only_when_said(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(file, "(อปท. 57)", "อบต. สุดท้าย")
    change(file, "initial: 1046", "initial: 1028")
    change(file, "onboarded: 57", "onboarded: 56")
    rows(("plk-057,", "", 0))
    before = file.read_bytes()
    code, out, err = run(capsys, "convert", "plk.yaml", "--bodies", "t.csv")
    assert (code, err) == (0, "warning: not in the table: plk-057 อบต. สุดท้าย\n")
    assert "-    - {id: plk-057, nameTh: อบต. สุดท้าย, users: 18}" in out
    assert run(capsys, "convert", "plk.yaml", "--bodies", "t.csv", "--write") == (
        4,
        "",
        (
            "error: t.csv lacks 1 body(ies) of plk.yaml; nothing was written\n"
            "  plk-057 อบต. สุดท้าย\n"
            "Add them to the table, or let them go with --drop.\n"
        ),
    )
    assert file.read_bytes() == before
    code, _, _ = run(capsys, "convert", "plk.yaml", "--bodies", "t.csv", "--write", "--drop")
    assert code == 0
    assert len(manifest.load(file).tenancy.sub_tenants) == 56


def test_json_tells_the_same(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(file, "(อปท. 57)", "อบต. สุดท้าย")
    change(file, "apiVersion: gdcc", "# old\napiVersion: gdcc")
    rows(("plk-057,", "", 0))
    code, out, err = run(capsys, "convert", "plk.yaml", "--bodies", "t.csv", "-o", "json")
    told = json.loads(out)
    text = told.pop("text")
    assert (code, err) == (0, "")
    assert told == {
        "file": "plk.yaml",
        "written": False,
        "changes": [
            {
                "line": 103,
                "column": 7,
                "field": "tenancy.subTenants[56]",
                "before": "plk-057 อบต. สุดท้าย",
                "after": "",
            }
        ],
        "removed": ["plk-057 อบต. สุดท้าย"],
        "totals": [
            {"field": "users.initial", "manifest": 1046, "table": 1028},
            {"field": "bodies.onboarded", "manifest": 57, "table": 56},
        ],
        "notes": [],
    }
    assert len(manifest.loads(text).tenancy.sub_tenants) == 56


def test_an_older_version_is_rewritten(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = file.read_bytes()
    change(file, "gdcc.go.th/v1alpha2", "gdcc.go.th/v1alpha1")
    code, out, err = run(capsys, "convert", "plk.yaml", "--to", "v1alpha2", "--write")
    assert (code, err) == (0, "")
    assert out.endswith("plk.yaml: 1 change(s) written\n")
    assert file.read_bytes() == wanted
    assert run(capsys, "convert", "plk.yaml", "--to", "v1alpha1") == (
        2,
        "",
        "error: manifests are not converted to 'v1alpha1'\nUse --to v1alpha2.\n",
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["plk.yaml"],
            "error: say one of --dates, --bodies and --to\nSee: onboard convert --help\n",
        ),
        (
            ["plk.yaml", "--dates", "be", "--to", "v1alpha2"],
            "error: say one of --dates, --bodies and --to\nSee: onboard convert --help\n",
        ),
        (
            ["plk.yaml", "--dates", "be", "--drop"],
            "error: --set-totals and --drop go with --bodies only\n",
        ),
        (["none.yaml", "--dates", "be"], "error: none.yaml does not exist\nCheck the path.\n"),
        (
            ["plk.yaml", "--bodies", "none.csv"],
            (
                "error: none.csv cannot be read: No such file or directory\n"
                "Check the path and rights.\n"
            ),
        ),
    ],
)
def test_wrong_usage(
    file: Path, capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    assert file.exists()
    assert run(capsys, "convert", *words) == (2, "", expected)


def test_a_file_that_cannot_be_written_stays(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(file, "signedOn: 2025-06-13", "signedOn: 2568-06-13")
    before = file.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    code, out, err = run(capsys, "convert", "plk.yaml", "--dates", "be", "--write")
    assert (code, out) == (2, "")
    assert err.endswith(
        "plk.yaml cannot be written: No space left on device\n"
        "Name a file in a folder that exists and that you may write to.\n"
    )
    assert file.read_bytes() == before
    assert [f.name for f in Path().iterdir()] == ["plk.yaml"]
