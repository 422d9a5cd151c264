"""``plan``, ``apply`` and ``verify`` as a user sees them: whole outputs and exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from onboarding import errors, item, policy, verify
from onboarding.cli import console, main
from onboarding.engines import table
from tests.running import ROOT
from tests.unit.cli import world

MANIFEST = str(ROOT / "examples/admincourt.yaml")
AS_OF = "2026-11-22"
TITLE = (
    "Office of the Administrative Courts · สำนักงานศาลปกครอง (admincourt)"
    " on environment unit (not production)"
)
PLANNED = f"""{TITLE}

vault_pki
  + Thing     2  (not there yet)

pulumi_stack
  + Thing     1  (not there yet)

Plan: 3 to create, 0 to update, 0 to delete, 0 unchanged.  Digest sha256:…

1 controls, 1 findings: 0 failed, 0 could not be determined, 0 waived, 1 passed, 0 not applicable
"""


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr; digests and times are replaced, they differ by run."""
    with pytest.raises(SystemExit) as ended:
        main.main(list(words))
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, _steady(out), _steady(err)


def _steady(text: str) -> str:
    return re.sub(r"\d+\.\d+ s\b", "0.0 s", re.sub(r"sha256:[0-9a-f]{64}", "sha256:…", text))


def test_plan_shows_what_would_change_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    code, out, err = run(capsys, "plan", MANIFEST, "--as-of", AS_OF)
    assert (code, out) == (0, PLANNED)
    names = ", ".join(e.value for e in item.ENGINE_ORDER)
    assert err == f"- Read {names}\n+ Read {names}: 0.0 s\n"
    assert world.refs(engines) == set()


def test_quiet_prints_the_result_only(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    assert run(capsys, "-q", "plan", MANIFEST, "--as-of", AS_OF) == (0, PLANNED, "")


def test_plan_as_json_and_its_detailed_exit_code(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    words = ("plan", MANIFEST, "-q", "-o", "json", "--detailed-exitcode")
    code, out, err = run(capsys, *words)
    shown = json.loads(out)
    assert (code, err) == (3, "")
    assert shown["counts"] == {"create": 3, "update": 0, "delete": 0, "unchanged": 0}
    assert shown["changes"][0] == {
        "engine": "vault_pki", "kind": "Thing", "scope": "place", "name": "one",
        "action": "create", "reason": "not there yet", "holdsData": False, "fields": [],
        "interrupts": "", "data": "", "controls": [],
    }  # fmt: skip
    assert [f["id"] for f in shown["findings"]] == ["MOU-001"]


def test_apply_writes_verifies_and_says_where_to_look(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    code, out, _ = run(capsys, "apply", MANIFEST, "--yes", "--as-of", AS_OF)
    assert code == 0
    assert (
        out
        == f"""{TITLE}

  vault_pki             2 of    2 changes     0.0 s
  pulumi_stack          1 of    1 changes     0.0 s

  ga-admincourt-prod  https://e-office.admincourt.go.th  (2500 users)
  ga-admincourt-uat   https://e-office-uat.admincourt.go.th  (250 users)

State: ready. Every gating control passes on the live systems.

2 controls, 2 findings: 0 failed, 0 could not be determined, 0 waived, 2 passed, 0 not applicable
"""
    )
    assert world.refs(engines) == {"one", "two", "three"}


def test_a_second_apply_has_nothing_to_do(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    run(capsys, "apply", MANIFEST, "--yes")
    code, out, _ = run(capsys, "apply", MANIFEST, "-o", "json")
    shown = json.loads(out)
    assert (code, shown["outcomes"], shown["unchanged"], shown["ready"]) == (0, [], 3, True)


def test_after_an_apply_only_what_stands_open_is_listed(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = world.findings(
        ("TEN-001", policy.Verdict.PASS, "namespace a"),
        ("TEN-002", policy.Verdict.FAIL, "namespace b"),
    )
    monkeypatch.setattr(verify, "verify_tenant", lambda *_, **__: live)
    code, out, _ = run(capsys, "apply", MANIFEST, "--yes")
    assert code == 4
    assert out.partition("State: ")[2] == (
        "applied, not ready. What stands open is listed below.\n"
        "\n"
        "  FAIL    TEN-002  Rule TEN-002  (high; 1 FAIL)\n"
        "      FAIL    namespace b: seen\n"
        "      remedy: Mend it.\n"
        "\n"
        "3 controls, 3 findings: 1 failed, 0 could not be determined, 0 waived, 2 passed,"
        " 0 not applicable\n"
    )


def test_without_a_terminal_nobody_is_asked_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(console, "asks", lambda: False)
    code, out, err = run(capsys, "apply", MANIFEST)
    assert (code, out) == (2, "")
    assert "Plan: 3 to create" in err
    assert err.endswith(
        "error: nothing was changed: there is nobody to ask (stdin is not a terminal)\n"
        "Review the plan above, then run the command again with --yes.\n"
    )
    assert world.refs(engines) == set()


def answer(monkeypatch: pytest.MonkeyPatch, *, yes: bool) -> None:
    monkeypatch.setattr(console, "asks", lambda: True)
    monkeypatch.setattr(console, "confirm", lambda _: yes)


def test_who_says_no_gets_nothing(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer(monkeypatch, yes=False)
    code, _, err = run(capsys, "apply", MANIFEST)
    assert code == 1
    assert err.endswith("error: nothing was changed: the plan was not accepted\n")
    assert world.refs(engines) == set()


def test_what_moved_during_the_review_is_not_written(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer(monkeypatch, yes=True)
    moving = [world.Moving(item.EngineName.VAULT), *engines[1:]]
    monkeypatch.setattr(table, "of", lambda *_: tuple(moving))
    code, out, err = run(capsys, "apply", MANIFEST, "--allow-delete")
    assert (code, out) == (7, "")
    assert err.endswith(
        "error: admincourt: what was planned is not what would be done now; nothing was written\n"
        "  reviewed sha256:…\n"
        "  now      sha256:…\n"
        "  no longer needed: delete vault_pki Thing place/foreign-1\n"
        "  new: delete vault_pki Thing place/foreign-2\n"
        "Make a new plan and review it: onboard plan FILE -o PLAN\n"
    )
    assert world.refs(moving) == set()


def test_a_deletion_needs_its_flag(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    old = world.thing(item.EngineName.SSO, "old")
    engines[1].held[old.ref] = old
    code, _, err = run(capsys, "-q", "apply", MANIFEST, "--yes")
    assert (code, world.refs(engines)) == (4, {"old"})
    assert err == (
        "error: admincourt: the plan deletes 1 object(s)\n"
        f"  {old.ref}\n"
        "Review them, then add --allow-delete.\n"
    )
    code, _, _ = run(capsys, "-q", "apply", MANIFEST, "--yes", "--allow-delete")
    assert (code, world.refs(engines)) == (0, {"one", "two", "three"})


def test_a_control_that_gates_stops_the_apply(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed = world.findings(("MOU-004", policy.Verdict.FAIL, "mou"))
    monkeypatch.setattr(verify, "review", lambda *_, **__: failed)
    code, out, err = run(capsys, "-q", "apply", MANIFEST, "--yes", "--output", "json")
    assert (code, out, world.refs(engines)) == (4, "", set())
    told = json.loads(err)["error"]
    assert told["exitCode"] == 4
    assert told["details"] == ["MOU-004 fail: mou: seen"]


def test_an_engine_that_fails_half_way_is_told_as_partial(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    engines[2].stop_with = errors.EngineFailed(
        "Pulumi broke", details=["at three"], resolution="Look into the log."
    )
    code, out, err = run(capsys, "apply", MANIFEST, "--yes", "-q")
    assert code == 6
    assert out.endswith("State: incomplete. Run the same command again: it goes on from here.\n")
    assert err == "error: Pulumi broke\n  at three\nLook into the log.\n"
    engines[2].stop_with = None
    assert run(capsys, "apply", MANIFEST, "--yes", "-q")[0] == 0


def test_an_interrupted_apply_says_what_was_done(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    engines[2].stop_with = KeyboardInterrupt()
    code, out, err = run(capsys, "apply", MANIFEST, "--yes", "-q")
    assert (code, out) == (130, "")
    assert err == (
        "error: admincourt: interrupted, the run is stopped\n"
        "  2 of 3 changes were recorded as done\n"
        "  stopped in: Pulumi: namespaces, quotas, network, access, workload\n"
        "Run the same command again: it goes on from here.\n"
    )


def test_verify_shows_what_is_open_first_and_counts_the_rest(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = world.findings(
        ("TEN-001", policy.Verdict.PASS, "namespace a"),
        ("NET-001", policy.Verdict.UNKNOWN, "policy b"),
    )
    monkeypatch.setattr(verify, "verify_tenant", lambda *_, **__: live)
    code, out, _ = run(capsys, "verify", MANIFEST, "--as-of", AS_OF)
    assert code == 5
    assert (
        out
        == f"""{TITLE}

As of 2026-11-22 (B.E. 2569)

  UNKNOWN NET-001  Rule NET-001  (high; 1 UNKNOWN)
      UNKNOWN policy b: seen
      remedy: Mend it.

in order: 2 controls (each of them: --verbose)
  MOU    1  Manifest and law  (1 pass)
  TEN    1  Tenancy  (1 pass)

3 controls, 3 findings: 0 failed, 1 could not be determined, 0 waived, 2 passed, 0 not applicable
"""
    )


def test_verify_in_thai_with_the_year_of_the_buddhist_era(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    code, out, _ = run(capsys, "verify", MANIFEST, "--as-of", AS_OF, "--language", "th", "-v")
    assert code == 0
    assert (
        out
        == """สำนักงานศาลปกครอง (admincourt) ในสภาพแวดล้อม unit (มิใช่ระบบใช้งานจริง)

ณ วันที่ 22 พฤศจิกายน พ.ศ. 2569

MOU  ข้อตกลงและกฎหมาย
  ผ่าน         MOU-001  มาตรการ MOU-001  (สูง; 1 ผ่าน)
      ผ่าน         manifest: seen

TEN  การแยกพื้นที่หน่วยงาน
  ผ่าน         TEN-001  มาตรการ TEN-001  (สูง; 1 ผ่าน)
      ผ่าน         namespace: seen

2 มาตรการ 2 ผลการตรวจ: ไม่ผ่าน 0, ตรวจสอบไม่ได้ 0, ได้รับยกเว้น 0, ผ่าน 2, ไม่ใช้บังคับ 0
"""
    )


def test_verify_as_json_has_its_schema(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    code, out, _ = run(capsys, "verify", MANIFEST, "--as-of", AS_OF, "-o", "json")
    shown: dict[str, Any] = json.loads(out)
    assert code == 0
    assert shown["asOfBuddhistEra"] == "2569-11-22"
    assert shown["tenant"]["nameTh"] == "สำนักงานศาลปกครอง"
    assert shown["summary"] == {
        "pass": 2, "fail": 0, "waived": 0, "not-applicable": 0, "unknown": 0,
        "controls": 2, "ready": True,
    }  # fmt: skip


def test_verify_works_where_nothing_can_be_recorded(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> None:
    (tmp_path / "store").write_text("in the way", encoding="utf-8")
    code, out, err = run(capsys, "verify", MANIFEST)
    assert code == 0
    assert "2 passed" in out
    assert "not recorded for onboard status: the state store cannot be used" in err


def test_status_tells_each_step_of_the_way(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> None:
    def state() -> str:
        _, out, _ = run(capsys, "status", MANIFEST, "-o", "json")
        return str(json.loads(out)["tenants"][0]["state"])

    assert run(capsys, "status") == (0, "environment unit: no agency was applied yet\n", "")
    assert state() == "never applied"
    engines[0].stop_with = KeyboardInterrupt()
    run(capsys, "apply", MANIFEST, "--yes")
    assert state() == "interrupted: run apply again to go on"
    engines[0].stop_with = None
    run(capsys, "apply", MANIFEST, "--yes", "--no-verify")
    assert state() == "applied, not verified"
    run(capsys, "verify", MANIFEST)
    assert state() == "ready"
    (kept,) = (tmp_path / "store/tenants/admincourt/documents").glob("applied@*.json")
    kept.write_text("{", encoding="utf-8")
    code, out, err = run(capsys, "status")
    assert code == 1
    assert "records damaged" in out
    assert "onboard state repair admincourt" in err


def test_a_second_run_at_the_same_time_is_refused_and_names_the_first(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> None:
    from onboarding.state import files

    with files.FileStore(tmp_path / "store").lease("admincourt"):
        code, _, err = run(capsys, "apply", MANIFEST, "--yes", "-q")
    assert code == 4
    assert re.fullmatch(
        r"error: admincourt: another run holds this agency\n"
        r"  \S+@\S+ pid \d+ since \S+\n"
        r"  until \S+ unless it is renewed\n"
        r"Wait until it ends, then run the command again\.\n",
        err,
    )


def test_ctrl_c_at_the_question_changes_nothing(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def leave(_: str) -> bool:
        raise click.Abort

    monkeypatch.setattr(console, "asks", lambda: True)
    monkeypatch.setattr(console, "confirm", leave)
    code, out, err = run(capsys, "apply", MANIFEST)
    assert (code, out) == (130, "")
    assert err.endswith("error: nothing was changed: interrupted at the question\n")
    assert world.refs(engines) == set()
