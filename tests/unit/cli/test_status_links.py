"""A link that waits for its peer: the agency is ready, and nothing looks fully green."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from onboarding import policy, verify
from onboarding.policy import Severity, Verdict
from tests.unit.cli import world
from tests.unit.cli.test_runs import MANIFEST, run


@pytest.fixture(autouse=True)
def pending(engines: list[world.Memory], monkeypatch: pytest.MonkeyPatch) -> None:
    control = dataclasses.replace(world.control("XCH-001", Severity.CRITICAL), per_link=True)
    result = policy.Result(Verdict.FAIL, "link a-b", "pending: b.yaml declares no link 'a-b'")
    found = policy.Finding(control, world.AGENCY, policy.Stage.MANIFEST, result)
    monkeypatch.setattr(verify, "review", lambda *_, **__: (found,))


def test_plan_shows_it_and_would_not_be_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "plan", MANIFEST)
    assert code == 0
    assert "link a-b: pending: b.yaml declares no link 'a-b' [manifest]" in out


def test_apply_goes_ahead_and_says_what_waits(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "apply", MANIFEST, "--yes")
    assert code == 0
    assert "State: ready, but for what waits for its peer: link a-b. See below." in out
    assert "FAIL    XCH-001" in out


def test_verify_ends_with_open_findings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "verify", MANIFEST)[0] == 4


def test_status_and_json_name_it(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "apply", MANIFEST, "--yes", "-o", "json")
    assert (json.loads(out)["ready"], json.loads(out)["pending"]) == (True, ["link a-b"])
    assert "  ready, pending: link a-b  " in run(capsys, "status")[1]
    [shown] = json.loads(run(capsys, "status", "-o", "json")[1])["tenants"]
    assert (shown["state"], shown["pending"]) == ("ready", ["link a-b"])


def test_the_peer_is_looked_for_where_the_option_says(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "peers").mkdir()
    code, _, err = run(capsys, "plan", MANIFEST, "--with", str(tmp_path / "peers"))
    assert code == 2
    assert "there is no YAML file" in err
