"""What ``onboard offboard`` shows and refuses, whole, with engines in memory."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from onboarding import actor, clock, environment, item, manifest
from onboarding.cli import tombstone_files
from onboarding.leaving import records, steps
from onboarding.state import files
from tests.unit.cli import world
from tests.unit.cli.conftest import WANTED
from tests.unit.cli.running import run
from tests.unit.cli.test_runs import MANIFEST

AGENCY = world.AGENCY
TITLE = (
    "Office of the Administrative Courts · สำนักงานศาลปกครอง (admincourt)"
    " on environment unit (not production)\n"
)
MANIFEST_SAYS = "retain   until 2036-11-22: Manifest, eoffice.retentionYears"
FACTS: dict[steps.Step, dict[str, Any]] = {
    steps.Step.FREEZE: {"objects": 67, "signInOff": ["a", "b"], "plan": "f0"},
    steps.Step.REVOKE: {
        "plan": "f1",
        "revoked": [{"serial": "0a", "commonName": "นายก", "at": "2026-11-22T05:00:00Z"}],
        "list": {"number": 3, "thisUpdate": "2026-11-22T05:00:00Z"},
    },
    steps.Step.EXPORT: {
        "files": 21,
        "octets": 306730,
        "digest": "ab" * 32,
        "bundle": "/srv/export",
        "letters": [],
    },
}


@pytest.fixture
def store(tmp_path: Path, engines: list[world.Memory]) -> files.FileStore:
    """The agency stands with one of its objects, of which nothing is recorded."""
    one = WANTED[0]
    next(e for e in engines if e.name is one.ref.engine).held[one.ref] = one
    return files.FileStore(tmp_path / "store")


@pytest.fixture(autouse=True)
def somchai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actor, "name", lambda: "somchai@office")


def frozen() -> steps.Leaving:
    day = date(2026, 11, 22)
    return steps.Leaving("2026-11-22T05:00:00+00:00", day, date(2036, 11, 22))


def proven(*done: steps.Step) -> steps.Leaving:
    of = frozen()
    for step in done:
        at = "2026-11-22T05:00:00+00:00"
        of = of.with_evidence(steps.Evidence(step, at, "somchai@office", FACTS[step]))
    return of


def keep(store: files.FileStore, of: steps.Leaving) -> None:
    with store.lease(AGENCY):
        records.keep(store, AGENCY, of)


def test_the_plan_of_the_first_step_writes_nothing(
    capsys: pytest.CaptureFixture[str], store: files.FileStore
) -> None:
    code, out, err = run(capsys, "offboard", MANIFEST, "--as-of", "2026-11-22")
    assert code == 0
    head, _, rest = out.partition("\n\nvault_pki\n")
    assert head == (
        f"{TITLE}\n"
        "Step 1 of 4, freeze: nobody signs in, nothing is written or signed; everything is kept\n"
        f"\n  {MANIFEST_SAYS}"
    )
    assert "Plan: 2 to create, 0 to update, 0 to delete, 1 unchanged." in rest
    assert err.endswith("Nothing was changed. To carry it out, add --yes.\n")
    assert store.kept(AGENCY, "leaving") is None
    assert store.journal(AGENCY) == ()


def test_an_agency_that_is_not_here_does_not_leave(
    capsys: pytest.CaptureFixture[str], store: files.FileStore, engines: list[world.Memory]
) -> None:
    for engine in engines:
        engine.held.clear()
    code, _, err = run(capsys, "offboard", MANIFEST, "--yes")
    assert code == 4
    assert "admincourt is not here: environment 'unit' holds nothing of it" in err
    assert store.journal(AGENCY) == ()


def test_freezing_is_proven_recorded_and_told(
    capsys: pytest.CaptureFixture[str], store: files.FileStore
) -> None:
    code, out, _ = run(capsys, "offboard", MANIFEST, "--as-of", "2026-11-22", "--yes")
    assert code == 0
    assert "  freeze   done " in out
    assert "  revoke   next\n" in out
    events = [e.event for e in store.journal(AGENCY)]
    assert events[0] == "leaving-begun"
    assert events[-1] == "freeze-ended"
    leaving = records.standing(store, AGENCY).leaving
    assert leaving is not None
    assert steps.altered(leaving, store.journal(AGENCY))[0].startswith("revoke:")
    assert leaving.retain_until == date(2036, 11, 22)
    for words in (("apply", MANIFEST, "--yes"), ("plan", MANIFEST), ("verify", MANIFEST)):
        code, _, err = run(capsys, *words)
        assert code == 4
        assert "admincourt is leaving; nothing else may change it" in err
    _, out, _ = run(capsys, "status")
    assert "admincourt  leaving, freeze done, next: revoke  " in out


def test_status_shows_every_state(
    capsys: pytest.CaptureFixture[str], store: files.FileStore
) -> None:
    assert run(capsys, "offboard", MANIFEST, "--status")[1] == f"{TITLE}\nis not leaving\n"
    keep(store, proven(steps.Step.FREEZE, steps.Step.REVOKE))
    assert run(capsys, "offboard", MANIFEST, "--status")[1] == (
        f"{TITLE}\n"
        "leaving since 2026-11-22\n"
        "  freeze   done 2026-11-22T05:00Z by somchai@office: 67 objects kept,"
        " 2 ways to sign in off\n"
        "  revoke   done 2026-11-22T05:00Z by somchai@office: 1 revoked, list no. 3 of 2026-11-22\n"
        "  export   next\n"
        f"  {MANIFEST_SAYS}\n"
        "  destroy  -\n"
    )
    keep(store, replace(proven(*steps.BEFORE_DESTROY), cancelling=True))
    assert run(capsys, "offboard", MANIFEST, "--status")[1] == (
        f"{TITLE}\nits leaving is being cancelled; go on with --cancel\n"
    )
    shown = json.loads(run(capsys, "offboard", MANIFEST, "--status", "-o", "json")[1])
    assert (shown["phase"], shown["next"], shown["generation"]) == ("present", None, 1)


def test_cancelling_takes_the_leaving_back(
    capsys: pytest.CaptureFixture[str], store: files.FileStore
) -> None:
    assert run(capsys, "offboard", MANIFEST, "--cancel", "--yes")[0] == 4
    assert run(capsys, "offboard", MANIFEST, "--yes")[0] == 0
    code, out, _ = run(capsys, "offboard", MANIFEST, "--cancel", "--yes")
    assert (code, out.endswith("is not leaving\n")) == (0, True)
    assert store.kept(AGENCY, "leaving") is None
    assert run(capsys, "apply", MANIFEST, "--yes")[0] == 0


def test_what_is_being_destroyed_cannot_be_had_back(
    capsys: pytest.CaptureFixture[str], store: files.FileStore
) -> None:
    doomed = steps.Destruction("ab" * 32, ("Namespace a",), {"approvals": [], "before": {}})
    keep(store, replace(proven(*steps.BEFORE_DESTROY), destruction=doomed))
    code, _, err = run(capsys, "offboard", MANIFEST, "--cancel", "--yes")
    assert code == 4
    assert "destroying has begun, it cannot be cancelled any more" in err


def test_in_production_the_day_is_not_for_anybody_to_choose(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], target: Path
) -> None:
    found = environment.load(target)
    environment.save(target, found.model_copy(update={"production": True}))
    code, _, err = run(capsys, "offboard", MANIFEST, "--as-of", "2036-11-22", "--yes")
    assert code == 4
    assert "--as-of cannot be used to let an agency leave production" in err


def test_an_agency_that_left_is_not_applied_before_it_joins_again(
    capsys: pytest.CaptureFixture[str], store: files.FileStore
) -> None:
    code, _, err = run(capsys, "offboard", MANIFEST, "--rejoin")
    assert (code, "has not left" in err) == (4, True)
    with store.lease(AGENCY):
        store.keep_applied(AGENCY, [world.thing(item.EngineName.VAULT, "chain")])
        records.bury(store, AGENCY, {"generation": 1, "at": "2036-11-22T05:00:00+00:00"})
    code, _, err = run(capsys, "apply", MANIFEST, "--yes")
    assert (code, "admincourt has left; its tombstone is of 2036-11-22" in err) == (4, True)
    assert "  admincourt  has left on 2036-11-22  " in run(capsys, "status")[1]
    code, out, _ = run(capsys, "offboard", MANIFEST, "--rejoin")
    assert (code, out) == (0, "admincourt may be applied again, as its number 2 here\n")
    assert "never applied" in run(capsys, "status")[1]
    shown = json.loads(run(capsys, "history", AGENCY, "-o", "json")[1])["acts"][-1]
    assert (shown["what"], shown["outcome"], shown["details"]) == (
        "rejoin",
        "done",
        {"generation": 2},
    )
    assert run(capsys, "apply", MANIFEST, "--yes")[0] == 0


@pytest.mark.parametrize("how", [("--yes",), ("--cancel", "--yes"), ("--rejoin",), ("-o", "p")])
def test_a_paused_agency_does_not_leave(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    store: files.FileStore,
    how: tuple[str, ...],
) -> None:
    run(capsys, "apply", MANIFEST, "--yes", "-q")
    if how[0] in ("--cancel", "-o"):
        keep(store, frozen())
    today = clock.Clock().today().isoformat()
    run(capsys, "pause", AGENCY, "--reason", "server move", "--until", today)
    before = ([dict(e.held) for e in engines], store.records(AGENCY).head)
    code, out, err = run(capsys, "-q", "offboard", MANIFEST, *how)
    assert (code, out) == (4, "")
    assert err.splitlines()[0] == f"error: {AGENCY} is paused until {today}: server move"
    assert ([dict(e.held) for e in engines], store.records(AGENCY).head) == before
    assert run(capsys, "-q", "offboard", MANIFEST, "--status")[0] == 0


def test_a_peer_that_points_here_is_named_and_one_that_left_is_not(
    store: files.FileStore, tmp_path: Path
) -> None:
    from tests.integration import linked_agencies

    receiver, sender = linked_agencies.write(
        tmp_path, "one-agency", "other-agency", linked_agencies.EXCHANGE
    )
    for path in (receiver, sender):
        name = manifest.load(path).id
        with store.lease(name):
            store.keep_manifest(name, path.read_text(encoding="utf-8"))
    assert records.peers(store, "one-agency") == ("other-agency",)
    with store.lease("other-agency"):
        records.bury(store, "other-agency", {"generation": 1, "at": "2036-11-22"})
    assert records.peers(store, "one-agency") == ()


def test_three_different_things_are_not_asked_at_once(
    capsys: pytest.CaptureFixture[str], store: files.FileStore
) -> None:
    code, _, err = run(capsys, "offboard", MANIFEST, "--status", "--cancel")
    assert (code, "three different things" in err) == (2, True)


def test_the_tombstone_is_handed_over_beside_the_export(tmp_path: Path) -> None:
    listed = {"number": 4, "revoked": 1, "nextUpdate": "2126-11-22T05:00:00Z", "sha256": "cd"}
    ended_with = {"plan": "f3", "asOf": "2036-11-22", "list": listed, "after": {"sso": 0}}
    approval = {"approvals": [], "before": {"sso": 3}}
    doomed = steps.Destruction("ab" * 32, ("Namespace a",), approval)
    of = replace(proven(*steps.BEFORE_DESTROY), destruction=doomed)
    at = "2036-11-22T05:00:00+00:00"
    of = of.with_evidence(steps.Evidence(steps.Step.DESTROY, at, "somchai@office", ended_with))
    proof = {
        "agency": AGENCY,
        "nameTh": "สำนักงานศาลปกครอง",
        "nameEn": "Office of the Administrative Courts",
        "environment": "unit",
        "generation": 1,
        "at": at,
        "pkiMount": "pki-admincourt-sign",
        "leaving": steps.to_json(of),
    }
    bag = tmp_path / "export"
    bag.mkdir()
    for _ in range(2):
        th, en, record = tombstone_files.write(bag, proof)
    assert (th.name, th.parent) == ("export-tombstone.th.md", tmp_path)
    assert "หนังสือรับรองการทำลายข้อมูล" in th.read_text("utf-8")
    assert "certificate of deletion" in en.read_text("utf-8").lower()
    assert json.loads(record.read_text("utf-8")) == proof
    assert list(bag.iterdir()) == []
