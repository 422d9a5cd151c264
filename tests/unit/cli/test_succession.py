"""``rename``, ``merge`` and ``split`` as a user sees them; no certificate was issued anywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from onboarding.cli import succession
from tests.unit import folders
from tests.unit.cli import world
from tests.unit.cli.running import run

LAW = ("--gazette", "vol. 143 part 70 a", "--effective", "2026-12-01")


@pytest.fixture(autouse=True)
def _no_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "_seen", lambda *_: ({}, {}))


def agency(folder: Path, name: str, number: int = 20, **changes: Any) -> str:
    users = {"initial": number, "target": number}
    return str(folders.write(folder, name, **{"users": users, **changes}))


def applied(capsys: pytest.CaptureFixture[str], *files: str) -> None:
    for file in files:
        assert run(capsys, "apply", file, "--yes", "-q")[0] == 0


def steady(text: str, folder: Path) -> str:
    text = re.sub(r"sha256:[0-9a-f]{64}", "sha256:…", text)
    return text.replace(f"{folder}/", "")


RENAMED = """\
Rename · เปลี่ยนชื่อหน่วยงาน
  from  Department old · กรม old (old), 20 users
  to    Department new · กรม new (new), 20 users
  by    vol. 143 part 70 a, in force 2026-12-01
        to be confirmed: which instrument is needed for the branch of the agency

Planned
  new: 3 to create, 0 to update, 0 to delete, 0 unchanged. Digest sha256:…

Certificates that stand
  none

Records
  of old: exported when it leaves, received by new
  history: onboard history of each successor shows that of its predecessors too

What comes next
  1. run this command again with --yes: it is recorded on both sides
  2. onboard plan new.yaml -o PLAN, then onboard apply --plan PLAN
  3. from 2026-12-01: onboard offboard old.yaml (ends sign-in, revokes the certificates)
Nothing was recorded, and nothing is ever written to a live system by this command.
"""


def test_a_rename_is_shown_then_recorded_on_both_sides_then_shown_with_its_history(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> None:
    old, new = agency(tmp_path, "old"), agency(tmp_path, "new")
    applied(capsys, old)
    for engine in engines:
        engine.held.clear()
    code, out, _ = run(capsys, "-q", "rename", old, new, *LAW)
    assert (code, steady(out, tmp_path)) == (0, RENAMED)
    history = json.loads(run(capsys, "history", "-o", "json")[1])["acts"]
    assert "succession-recorded" not in [act["what"] for act in history]
    code, out, _ = run(capsys, "-q", "rename", old, new, *LAW, "--yes", "-o", "json")
    shown = json.loads(out)
    assert (code, shown["recorded"], shown["successors"]) == (0, True, ["new"])
    assert shown["plans"][0]["counts"]["create"] == 3
    applied(capsys, new)
    acts = json.loads(run(capsys, "history", new, "-o", "json")[1])["acts"]
    assert [(act["tenant"], act["what"]) for act in acts] == [
        ("old", "manifest-kept"),
        ("old", "apply"),
        ("new", "succession-recorded"),
        ("old", "succession-recorded"),
        ("new", "manifest-kept"),
        ("new", "apply"),
    ]
    assert run(capsys, "-q", "rename", old, new, *LAW)[0] == 0


def test_what_stands_in_the_way_is_told_all_at_once_with_its_lines(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> None:
    peer = agency(tmp_path, "peer", links=[{**folders.LINK, "peer": "old"}])
    old, new = agency(tmp_path, "old"), agency(tmp_path, "new", 19)
    applied(capsys, old, peer)
    code, out, err = run(capsys, "-q", "rename", old, new, *LAW, "--yes", "--with", peer)
    assert (code, out) == (2, "")
    assert re.sub(r":\d+:\d+", ":L:C", steady(err, tmp_path)) == (
        "error: rename of old into new: 2 thing(s) stand in the way\n"
        "  new.yaml:L:C: users.initial (จำนวนผู้ใช้เริ่มต้น): 19 users on the new side,"
        " 20 on the old one (nobody is lost or won by a succession: amend the number before or"
        " after it)\n"
        "  peer.yaml:L:C: links[0].peer (หน่วยงานคู่เชื่อมโยง): link 'patients' of peer still names"
        " 'old' (write new, apply it first)\n"
        "Mend them, then run the command again; nothing was changed.\n"
    )


def test_who_ends_must_be_as_it_was_applied(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> None:
    old = agency(tmp_path, "old", 25)
    applied(capsys, old)
    agency(tmp_path, "old", 20)
    code, _, err = run(capsys, "-q", "rename", old, agency(tmp_path, "new"), *LAW)
    assert (code, "it is not as old was applied last" in err) == (2, True)


def test_a_merger_and_a_split(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> None:
    a, b, c = agency(tmp_path, "a"), agency(tmp_path, "b", 30), agency(tmp_path, "c", 50)
    applied(capsys, a, b)
    code, out, _ = run(capsys, "-q", "merge", a, b, "--into", c, *LAW, "-o", "json")
    shown = json.loads(out)
    assert (code, shown["predecessors"], shown["successors"]) == (0, ["a", "b"], ["c"])
    assert (shown["recorded"], len(shown["plans"])) == (False, 1)
    parts = agency(tmp_path, "d", 5), agency(tmp_path, "e", 15)
    words = ("--into", *parts, *LAW, "-o", "json")
    code, out, _ = run(capsys, "-q", "split", a, *words)
    assert (code, json.loads(out)["successors"]) == (0, ["d", "e"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("merge", "{a}", "--into", "{b}"), "a merger has two agencies at least"),
        (("split", "{a}", "--into", "{b}"), "a split has two results at least"),
    ],
)
def test_one_alone_is_no_merger_and_no_split(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    tmp_path: Path,
    words: tuple[str, ...],
    message: str,
) -> None:
    files = {name: agency(tmp_path, name) for name in ("a", "b")}
    code, _, err = run(capsys, *(word.format(**files) for word in words), *LAW)
    assert (code, message in err) == (2, True)
