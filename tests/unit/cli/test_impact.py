"""``onboard render`` and ``onboard impact`` as a user sees them, with two versions at work."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from onboarding import environment
from onboarding.cli import main
from tests.running import ROOT
from tests.unit import targets

DEDE = str(ROOT / "examples/dede.yaml")
NT = str(ROOT / "examples/nt.yaml")


@pytest.fixture
def target(tmp_path: Path) -> str:
    place = tmp_path / "unit.yaml"
    store = environment.State(store=f"file://{tmp_path}/store")
    environment.save(place, targets.pinned().model_copy(update={"state": store}))
    return str(place)


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another version: a checkout in which each user at work needs more of a processor."""
    place = tmp_path_factory.mktemp("next")
    for name in ("onboarding", "stacks", "playbooks", "policies", "templates"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, place / name, symlinks=True, ignore=ignored)
    sizing = place / "policies/data/sizing.yaml"
    text = sizing.read_text()
    assert "milliPerPeakUser: 5" in text
    sizing.write_text(text.replace("milliPerPeakUser: 5", "milliPerPeakUser: 9"))
    return place


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main.main(words)
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


def test_render_prints_a_line_of_json_for_each_agency(
    capsys: pytest.CaptureFixture[str], target: str
) -> None:
    code, out, _ = run(capsys, "render", DEDE, NT, "-e", target, "-o", "json")
    assert code == 0
    read = [json.loads(line) for line in out.splitlines()]
    assert [one["tenant"] for one in read] == ["dede", "nt"]
    assert all(one["items"] for one in read)


def test_render_says_what_it_left_out(
    capsys: pytest.CaptureFixture[str], target: str, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("agency: [\n")
    code, out, err = run(capsys, "render", DEDE, str(broken), "-e", target)
    assert code == 2
    assert out.startswith("---\napiVersion: gdcc.go.th/v1alpha1\nkind: Rendering\ntenant: dede\n")
    assert "broken.yaml:2:1" in err


def test_the_same_version_changes_nobody(capsys: pytest.CaptureFixture[str], target: str) -> None:
    words = ("impact", DEDE, "--catalogue", str(ROOT), "-e", target, "--detailed-exitcode")
    assert run(capsys, *words)[:2] == (0, "0 of 1 agencies would change.\n")


CHANGED = """\
2 of 2 agencies would change.

  dede  3 to update
  nt    3 to update

What changes, and in whom
  ~ Deployment spec.template.spec.containers.0.resources.limits.cpu  2 in dede, nt
  ~ Deployment spec.template.spec.containers.0.resources.requests.cpu  2 in dede, nt
  ~ LimitRange spec.limits.0.max.cpu  2 in dede, nt
  ~ ResourceQuota spec.hard.limits·cpu  2 in dede, nt
  ~ ResourceQuota spec.hard.requests·cpu  2 in dede, nt

Each change of each agency: --verbose
"""


def test_another_version_is_told_by_agency_and_by_field(
    capsys: pytest.CaptureFixture[str], target: str, following: Path
) -> None:
    words = ("impact", DEDE, NT, "--catalogue", str(following), "-e", target)
    assert run(capsys, *words)[:2] == (0, CHANGED)
    code, out, _ = run(capsys, *words, "--detailed-exitcode", "-o", "json")
    assert code == 3
    read = json.loads(out)
    assert (read["agencies"], read["changed"]) == (2, 2)
    assert {c["kind"] for c in read["tenants"][0]["changes"]} == {
        "Deployment",
        "LimitRange",
        "ResourceQuota",
    }


def test_without_manifests_those_applied_last_are_taken(
    capsys: pytest.CaptureFixture[str], target: str
) -> None:
    from onboarding.state import opening

    code, _, err = run(capsys, "impact", "--catalogue", str(ROOT), "-e", target)
    assert (code, "no agency was applied" in err) == (2, True)
    store = opening.of(environment.load(Path(target)))
    store.keep_manifest("dede", Path(DEDE).read_text())
    code, out, _ = run(capsys, "impact", "--catalogue", str(ROOT), "-e", target)
    assert (code, out) == (0, "0 of 1 agencies would change.\n")


def test_what_is_no_version_of_onboard_is_refused(
    capsys: pytest.CaptureFixture[str], target: str, tmp_path: Path
) -> None:
    code, _, err = run(capsys, "impact", DEDE, "--catalogue", str(tmp_path), "-e", target)
    assert (code, "neither a checkout of onboard nor its command" in err) == (2, True)


def test_a_version_that_cannot_render_is_an_error_with_what_it_said(
    capsys: pytest.CaptureFixture[str], target: str, tmp_path: Path
) -> None:
    other = tmp_path / "onboard"
    other.write_text("#!/bin/sh\necho 'no such command: render' >&2\nexit 2\n")
    other.chmod(0o755)
    code, _, err = run(capsys, "impact", DEDE, "--catalogue", str(other), "-e", target)
    assert code == 1
    assert "it ended with exit code 2" in err
    assert "no such command: render" in err
