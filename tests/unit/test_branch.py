"""Which manifests a branch touches, told by a real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from onboarding import branch, errors

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.go.th")
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Manifests of three agencies on ``main``: moph and bdi share a link; and a branch of it."""
    agencies = tmp_path / "agencies"
    agencies.mkdir()
    for name in ("moph", "bdi", "dede"):
        (agencies / f"{name}.yaml").write_text((EXAMPLES / f"{name}.yaml").read_text())
    (tmp_path / "gdcc.yaml").write_text("kind: Environment\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "agencies")
    git(tmp_path, "switch", "-q", "-c", "branch")
    return tmp_path


def touched(repository: Path, *shared: Path) -> dict[str, str]:
    found = branch.since("main", [repository / "agencies"], shared)
    return {one.path.stem: one.reason for one in found.touched}


def edit(path: Path) -> None:
    path.write_text(path.read_text() + "# a note\n")


def test_a_branch_without_changes_touches_nothing(repository: Path) -> None:
    assert branch.since("main", [repository / "agencies"]) == branch.Branch(())


def test_a_change_touches_the_manifest_and_the_peers_of_its_links(repository: Path) -> None:
    edit(repository / "agencies/moph.yaml")
    git(repository, "commit", "-q", "-a", "-m", "moph")
    found = touched(repository)
    assert found["moph"] == "changed"
    assert found["bdi"].startswith("link ")
    assert found["bdi"].endswith(" with moph")
    assert "dede" not in found


def test_what_is_not_committed_yet_counts(repository: Path) -> None:
    edit(repository / "agencies/dede.yaml")
    (repository / "agencies/nt.yaml").write_text((EXAMPLES / "nt.yaml").read_text())
    assert touched(repository) == {"dede": "changed", "nt": "changed"}


def test_what_main_gained_meanwhile_is_not_the_branch(repository: Path) -> None:
    git(repository, "switch", "-q", "main")
    edit(repository / "agencies/dede.yaml")
    git(repository, "commit", "-q", "-a", "-m", "dede on main")
    git(repository, "switch", "-q", "branch")
    assert touched(repository) == {}


def test_a_removed_manifest_is_told_and_its_peers_are_planned(repository: Path) -> None:
    (repository / "agencies/moph.yaml").unlink()
    found = branch.since("main", [repository / "agencies"])
    assert [path.name for path in found.removed] == ["moph.yaml"]
    assert [one.path.name for one in found.touched] == ["bdi.yaml"]


def test_a_link_that_was_dropped_still_affects_its_peer(repository: Path) -> None:
    manifest = repository / "agencies/moph.yaml"
    manifest.write_text((EXAMPLES / "dede.yaml").read_text())
    assert "bdi" in touched(repository)


def test_a_change_of_the_environment_file_touches_everyone(repository: Path) -> None:
    edit(repository / "gdcc.yaml")
    everyone = dict.fromkeys(["bdi", "dede", "moph"], "gdcc.yaml changed")
    assert touched(repository, repository / "gdcc.yaml") == everyone
    assert touched(repository) == {}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            "policies/data/pki.yaml",
            dict.fromkeys(["bdi", "dede", "moph"], "the tool itself changed"),
        ),
        (
            "onboarding/catalogue/health_platform.py",
            {"moph": "the catalogue's health-platform changed"},
        ),
        (
            "onboarding/catalogue/entry.py",
            dict.fromkeys(["bdi", "dede", "moph"], "the tool itself changed"),
        ),
        ("docs/links.md", {}),
    ],
)
def test_a_change_of_the_tool_touches_whom_it_concerns(
    repository: Path, changed: str, expected: dict[str, str]
) -> None:
    path = repository / changed
    path.parent.mkdir(parents=True)
    path.write_text("x\n")
    assert touched(repository) == expected


def test_a_manifest_that_became_invalid_is_still_to_be_planned(repository: Path) -> None:
    (repository / "agencies/dede.yaml").write_text("agency: [\n")
    assert touched(repository) == {"dede": "changed"}


@pytest.mark.parametrize("ref", ["no-such-branch", "--output=x"])
def test_an_unknown_ref_is_refused_with_what_git_said(repository: Path, ref: str) -> None:
    with pytest.raises(errors.UsageError, match="git cannot tell what changed"):
        branch.since(ref, [repository / "agencies"])


def test_a_folder_outside_git_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("x: 1\n")
    with pytest.raises(errors.UsageError, match="git cannot tell"):
        branch.since("main", [tmp_path])


def test_a_machine_without_git_is_told_so(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(errors.UsageError, match="git is not installed"):
        branch.since("main", [repository / "agencies"])
