"""Dangerous plans as a user sees them: shown first, refused without a flag or a second person."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from onboarding import actor, environment, item
from onboarding.cli import console
from tests.running import ROOT
from tests.unit.cli import world
from tests.unit.cli.test_runs import run

MANIFEST = str(ROOT / "examples/admincourt.yaml")
FLAGS = ("--allow-delete", "--allow-data-loss")
OLD = item.Item(
    item.Ref(item.EngineName.CLUSTER, "Thing", "place", "old"), {"x": 1}, world.AGENCY, True
)


@pytest.fixture
def key(tmp_path: Path, target: Path) -> Path:
    """The SSH key of malee, the approver of the environment."""
    path = tmp_path / "malee"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(words, check=True, timeout=30)
    public = path.with_suffix(".pub").read_text(encoding="utf-8").strip()
    malee = environment.Approver(identity="malee", method="ssh", key=public)
    known = environment.load(target)
    environment.save(target, known.model_copy(update={"approvers": (malee,)}))
    return path


@pytest.fixture
def planned(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> Path:
    """A plan file that deletes what holds data."""
    engines[2].held[OLD.ref] = OLD
    path = tmp_path / "plan"
    assert run(capsys, "-q", "plan", MANIFEST, "--out", str(path))[0] == 0
    return path


def test_plan_shows_what_is_dangerous_first_and_what_allows_it(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    engines[2].held[OLD.ref] = OLD
    code, out, _ = run(capsys, "-q", "plan", MANIFEST)
    assert code == 0
    assert out.partition("\n\n")[2].startswith(
        "dangerous\n"
        "  ! the plan deletes 1 object(s)  (needs --allow-delete)\n"
        "      Thing place/old\n"
        "  ! the plan would delete 1 object(s) that hold data  (needs --allow-data-loss and a"
        " second person with the role approver)\n"
        "      Thing place/old\n"
        "\n"
    )
    _, out, _ = run(capsys, "-q", "plan", MANIFEST, "-o", "json")
    assert json.loads(out)["hazards"][1] == {
        "rule": "data-deletion",
        "message": "the plan would delete 1 object(s) that hold data",
        "details": ["Thing place/old"],
        "flag": "--allow-data-loss",
        "approver": "approver",
    }


def test_a_plan_without_a_second_person_is_not_written(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], planned: Path, key: Path
) -> None:
    code, out, err = run(capsys, "-q", "apply", "--plan", str(planned), *FLAGS)
    assert (code, out) == (4, "")
    assert err == (
        "error: admincourt: this plan needs the approval of a second person (approver)\n"
        "  approver: the plan would delete 1 object(s) that hold data\n"
        "Write the plan to a file (onboard plan FILE -o PLAN); another person runs:"
        " onboard approve PLAN\n"
    )
    assert world.refs(engines) == {"old"}


def test_an_approved_plan_is_written_once(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    planned: Path,
    key: Path,
) -> None:
    words = ("approve", str(planned), "--yes", "--ssh-key", str(key))
    code, out, _ = run(capsys, *words)
    assert code == 0
    assert out.startswith("admincourt: approved by malee until ")
    code, _, err = run(capsys, "-q", "apply", "--plan", str(planned))
    assert (code, "add --allow-delete --allow-data-loss." in err) == (4, True)
    assert run(capsys, "-q", "apply", "--plan", str(planned), *FLAGS)[0] == 0
    assert world.refs(engines) == {"one", "two", "three"}
    engines[2].held[OLD.ref] = OLD
    assert run(capsys, "-q", "apply", MANIFEST, "--yes", *FLAGS)[0] == 4


def test_an_approval_as_json(capsys: pytest.CaptureFixture[str], planned: Path, key: Path) -> None:
    words = ("-q", "approve", str(planned), "--yes", "--ssh-key", str(key), "-o", "json")
    code, out, _ = run(capsys, *words)
    (shown,) = json.loads(out)["approvals"]
    assert code == 0
    assert (shown["tenant"], shown["identity"], shown["rules"]) == (
        "admincourt",
        "malee",
        ["data-deletion"],
    )


def test_who_made_the_plan_cannot_approve_it(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    tmp_path: Path,
    key: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(actor, "name", lambda: "malee@deploy")
    engines[2].held[OLD.ref] = OLD
    path = tmp_path / "own"
    run(capsys, "-q", "plan", MANIFEST, "--out", str(path))
    code, _, err = run(capsys, "-q", "approve", str(path), "--yes", "--ssh-key", str(key))
    assert code == 4
    assert err.startswith(
        "error: admincourt: malee made this plan and cannot approve it\n  made by malee@deploy\n"
    )


def test_without_a_terminal_nobody_is_asked_and_nothing_is_signed(
    capsys: pytest.CaptureFixture[str], planned: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "asks", lambda: False)
    code, _, err = run(capsys, "approve", str(planned), "--ssh-key", str(key))
    assert code == 2
    assert "the plan would delete 1 object(s) that hold data" in err
    assert "error: nothing was signed: there is nobody to ask (stdin is not a terminal)" in err


def test_who_says_no_signs_nothing(
    capsys: pytest.CaptureFixture[str], planned: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "asks", lambda: True)
    monkeypatch.setattr(console, "confirm", lambda _: False)
    code, _, err = run(capsys, "approve", str(planned), "--ssh-key", str(key))
    assert (code, "nothing was signed: the plan was not approved" in err) == (1, True)


def test_a_plan_that_needs_nobody_is_not_signed(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path, key: Path
) -> None:
    path = tmp_path / "harmless"
    run(capsys, "-q", "plan", MANIFEST, "--out", str(path))
    code, _, err = run(capsys, "approve", str(path), "--yes", "--ssh-key", str(key))
    assert (code, "this plan needs no second person: nothing was signed" in err) == (2, True)


def test_an_approver_with_another_role_is_refused(
    capsys: pytest.CaptureFixture[str], planned: Path, key: Path, target: Path
) -> None:
    known = environment.load(target)
    (malee,) = known.approvers
    guard = malee.model_copy(update={"roles": ("security",)})
    environment.save(target, known.model_copy(update={"approvers": (guard,)}))
    code, _, err = run(capsys, "approve", str(planned), "--yes", "--ssh-key", str(key))
    assert (code, "malee has not the role that this plan needs" in err) == (4, True)


def test_a_run_over_many_agencies_needs_its_flag(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    both = (MANIFEST, str(ROOT / "examples/m-culture.yaml"))
    code, _, err = run(capsys, "-q", "apply", *both, "--yes", "--max-tenants", "1")
    assert code == 4
    assert err.startswith("error: the run would change 2 agencies, more than 1\n")
    assert err.endswith("Review them, then add --allow-many-tenants.\n")
    assert world.refs(engines) == set()
