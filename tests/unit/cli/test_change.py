"""``pause``, ``resume``, ``amendments`` and ``history`` as a user sees them, whole."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from onboarding import clock, errors
from tests.running import ROOT
from tests.unit.cli import world
from tests.unit.cli.running import run

MANIFEST = ROOT / "examples/admincourt.yaml"
TODAY = clock.Clock().today().isoformat()


def _steady(text: str) -> str:
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>", text)
    text = re.sub(r"by \S+@\S+", "by <user>", text)
    return re.sub(r"\b[0-9a-f]{12}\b", "<digest>", text)


def _changed(folder: Path, **values: str) -> Path:
    text = MANIFEST.read_text(encoding="utf-8")
    for key, value in values.items():
        text, count = re.subn(rf"\b{key}: [^\s,}}]+", f"{key}: {value}", text, count=1)
        assert count == 1
    path = folder / "changed.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_paused_agency_is_left_alone_until_it_is_resumed(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    run(capsys, "apply", str(MANIFEST), "--yes", "-q")
    code, out, err = run(capsys, "pause", "admincourt", "--reason", "server move", "--until", TODAY)
    assert (code, out, err) == (0, f"admincourt is paused until {TODAY}: server move\n", "")
    for command in (("plan",), ("apply", "--yes")):
        code, out, err = run(capsys, "-q", *command, str(MANIFEST))
        assert (code, out) == (4, "")
        assert err.splitlines()[0] == f"error: admincourt is paused until {TODAY}: server move"
    assert run(capsys, "-q", "verify", str(MANIFEST))[0] == 0
    _, out, _ = run(capsys, "status")
    assert f"ready, paused until {TODAY}: server move" in out
    shown = json.loads(run(capsys, "status", "-o", "json")[1])["tenants"][0]
    assert (shown["state"], shown["paused"]["reason"]) == ("ready", "server move")
    code, out, _ = run(capsys, "resume", str(MANIFEST))
    assert (code, out) == (0, "admincourt takes part in runs again\n")
    assert run(capsys, "-q", "plan", str(MANIFEST))[0] == 0
    assert run(capsys, "resume", "admincourt")[1] == "admincourt was not paused\n"


def test_a_run_over_several_says_who_is_paused_and_goes_on(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    run(capsys, "apply", str(MANIFEST), "--yes", "-q")
    run(capsys, "pause", "admincourt", "--reason", "audit", "--until", TODAY)
    other = str(ROOT / "examples/m-culture.yaml")
    code, out, err = run(capsys, "-q", "plan", str(MANIFEST), other)
    assert (code, err) == (0, "")
    assert f"  admincourt  left alone: paused until {TODAY}: audit\n" in out
    code, out, _ = run(capsys, "-q", "apply", str(MANIFEST), other, "--yes", "-o", "json")
    alone, done = json.loads(out)["ended"]
    paused = alone.pop("paused")
    assert (paused["reason"], paused["until"], done["paused"]) == ("audit", TODAY, None)
    assert alone == {
        "name": "admincourt",
        "exitCode": 0,
        "outcome": f"left alone: paused until {TODAY}: audit",
        "whole": True,
    }
    assert (code, done["name"], done["whole"]) == (done["exitCode"], "m-culture", True)
    assert len(json.loads(out)["tenants"]) == 1


def test_what_becomes_of_the_others_decides_the_exit_code_of_a_run(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> None:
    run(capsys, "apply", str(MANIFEST), "--yes", "-q")
    run(capsys, "pause", "admincourt", "--reason", "audit", "--until", TODAY)
    other = str(ROOT / "examples/m-culture.yaml")
    run(capsys, "pause", other, "--reason", "move", "--until", TODAY)
    code, out, err = run(capsys, "-q", "apply", str(MANIFEST), other, "--yes")
    assert (code, err, out.count("left alone: paused until")) == (0, "", 2)
    broken = tmp_path / "broken.yaml"
    broken.write_text("kind: AgencyMou\n", encoding="utf-8")
    code, out, _ = run(capsys, "-q", "apply", str(MANIFEST), str(broken), "--yes")
    assert (code, "admincourt" in out, "left alone: paused until" in out) == (2, True, True)


def test_a_pause_ends_by_itself(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    run(capsys, "apply", str(MANIFEST), "--yes", "-q", "--as-of", "2026-11-20")
    words = ("--reason", "audit", "--until", "2026-11-22", "--as-of", "2026-11-20")
    assert run(capsys, "pause", "admincourt", *words)[0] == 0
    assert run(capsys, "-q", "plan", str(MANIFEST), "--as-of", "2026-11-22")[0] == 4
    assert run(capsys, "-q", "plan", str(MANIFEST), "--as-of", "2026-11-23")[0] == 0


@pytest.mark.parametrize("until", ["2026-11-19", "2027-02-19"])
def test_a_pause_that_is_over_or_too_long_is_refused(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], until: str
) -> None:
    words = ("--reason", "audit", "--until", until, "--as-of", "2026-11-20")
    code, _, err = run(capsys, "pause", str(MANIFEST), *words)
    assert code == 2
    assert err == (
        f"error: admincourt: a pause cannot end on {until}\n"
        "Name a day from 2026-11-20 to 2027-02-18.\n"
    )


def test_the_whole_way_of_an_amendment(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, "amendments", str(MANIFEST))
    assert (code, out.splitlines()[1]) == (
        0,
        "never applied here: there is nothing to compare it with",
    )
    run(capsys, "apply", str(MANIFEST), "--yes", "-q")
    assert run(capsys, "amendments", str(MANIFEST))[1].endswith("\nNothing of the MOU changed.\n")
    after = _changed(tmp_path, effectiveTo="2031-10-16", initial="2600")
    code, out, _ = run(capsys, "amendments", str(after))
    assert (code, _steady(out)) == (0, AMENDED)
    planned = run(capsys, "-q", "plan", str(after))[1].split("\n\n")[1]
    assert re.sub(r"\d{4}-\d\d-\d\d", "<day>", planned) == (
        "MOU: 2 changes since the manifest applied <day>\n"
        "  to be signed: Amendment of the MOU: mou.effectiveTo\n"
        "  to be signed: Exchange of letters: users.initial"
    )
    shown = json.loads(run(capsys, "-q", "plan", str(after), "-o", "json")[1])["amendments"]
    assert [c["path"] for c in shown["changes"]] == ["mou.effectiveTo", "users.initial"]
    run(capsys, "apply", str(after), "--yes", "-q")
    kept = json.loads(run(capsys, "amendments", str(after), "-o", "json")[1])
    assert len(kept["applied"]) == 2
    assert (kept["changes"], kept["toSign"]) == ([], [])


AMENDED = """\
Office of the Administrative Courts · สำนักงานศาลปกครอง (admincourt), MOU MOU-DE-OAC-2567
applied so far, the last one is compared with:
  <time>  MOU-DE-OAC-2567, signed 2024-10-07, plan <digest>, <digest>

Changed
  MOU
    In force until: 2027-10-06 → 2031-10-16 (later)
  Users
    Users at the start: 2,500 → 2,600 (raised)

To be signed anew
  1. Amendment of the MOU
     signed by: both parties, by those who may sign an MOU
     approved in the tool by: mdes-authority
     for: mou.effectiveTo
     source: the MOU: its terms change by agreement of both parties in writing
     to be confirmed: who may sign an amendment for the ministry
  2. Exchange of letters
     signed by: the head of the agency, answered by the ministry
     approved in the tool by: mdes-authority
     for: users.initial
     source: D: within what was agreed, a letter and its answer are enough
     to be confirmed: that the ministry takes an exchange of letters for this
"""


def test_history_has_a_line_for_each_run_and_act(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    run(capsys, "apply", str(MANIFEST), "--yes", "-q")
    run(capsys, "pause", "admincourt", "--reason", "audit", "--until", TODAY)
    code, out, _ = run(capsys, "history", str(MANIFEST))
    assert code == 0
    lines = _steady(out).splitlines()
    assert lines[0] == "environment unit"
    assert [line.split("  ")[2].strip() for line in lines[1:]] == [
        "manifest-kept",
        "apply",
        "paused",
    ]
    assert "done, 3 applied, ready" in lines[2]
    shown = json.loads(run(capsys, "history", "admincourt", "-o", "json", "--limit", "2")[1])
    assert [a["what"] for a in shown["acts"]] == ["apply", "paused"]
    assert shown["acts"][0]["changes"] == {"applied": 3}


def test_history_of_nobody_is_a_mistake_that_names_who_is_there(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    run(capsys, "apply", str(MANIFEST), "--yes", "-q")
    code, _, err = run(capsys, "history", "nobody")
    assert code == 2
    assert err == (
        "error: nobody: no such file, and no agency of this id is known here\n"
        "  agencies: admincourt\n"
        "Name a manifest, or an agency of this environment (onboard status).\n"
    )


def test_a_history_is_checked_exported_and_checked_without_the_store(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> None:
    run(capsys, "apply", str(MANIFEST), "--yes", "-q")
    code, out, _ = run(capsys, "history", "--verify")
    head = out.strip().rpartition("sha256:")[2]
    assert (code, re.sub(r"\d+ records", "N records", out)) == (
        0,
        f"admincourt: N records, whole; head sha256:{head}\n",
    )
    run(capsys, "verify", str(MANIFEST), "-q")
    code, out, _ = run(capsys, "history", "admincourt", "--expect-head", head)
    assert (code, "whole" in out) == (0, True)
    export = tmp_path / "history.jsonl"
    assert run(capsys, "history", "admincourt", "--export", str(export))[0] == 0
    assert run(capsys, "history", "--verify", str(export))[:2] == (0, out)
    text = export.read_text(encoding="utf-8")
    export.write_text(text.replace("apply-ended", "apply-failed"), encoding="utf-8")
    code, out, err = run(capsys, "history", "--verify", str(export), "-o", "json")
    assert code == 1
    assert json.loads(out)["chains"][0]["whole"] is False
    assert "the checksum does not fit" in json.loads(err)["error"]["details"][0]


def test_a_history_that_was_cut_or_changed_is_broken(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> None:
    run(capsys, "apply", str(MANIFEST), "--yes", "-q")
    words = ("history", "admincourt", "--expect-head", "ab" * 32)
    code, out, err = run(capsys, *words)
    assert (code, "broken: the expected record abababababab is not in it" in out) == (1, True)
    (journal,) = (tmp_path / "store/tenants/admincourt").glob("journal*")
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    journal.write_text("".join([lines[0], *lines[2:]]), encoding="utf-8")
    code, out, err = run(capsys, "history", "--verify")
    assert code == 1
    assert "line 2: it does not follow the record before it" in err


def test_a_manifest_that_cannot_be_read_any_more_blocks_no_plan(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from onboarding import agreed

    run(capsys, "apply", str(MANIFEST), "--yes", "-q")

    def unreadable(_: object) -> None:
        raise errors.InvalidInput("mou.number is of an older form")

    monkeypatch.setattr(agreed.Agreed, "read", unreadable)
    code, out, _ = run(capsys, "-q", "plan", str(MANIFEST))
    assert code == 0
    assert "is unknown: mou.number is of an older form" in out
    code, out, _ = run(capsys, "-q", "plan", str(MANIFEST), "-o", "json")
    assert json.loads(out)["amendments"] is None
