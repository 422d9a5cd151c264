"""Who runs the tool is named as people know them; nothing else of the surroundings is."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from onboarding import actor, revision


def test_a_person_is_named_with_their_computer() -> None:
    user, _, host = actor.name({}).partition("@")
    assert user
    assert host == socket.gethostname()


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_REPOSITORY": "mdes/agencies",
                "GITHUB_RUN_ID": "77",
                "GITHUB_ACTOR": "somchai",
                "GITHUB_TOKEN": "ghs_canary",
            },
            "github:mdes/agencies#77 for somchai",
        ),
        (
            {"GITLAB_CI": "true", "CI_PROJECT_PATH": "mdes/agencies", "CI_PIPELINE_ID": "9"},
            "gitlab:mdes/agencies#9",
        ),
        ({"JENKINS_URL": "https://j", "JOB_NAME": "a", "BUILD_NUMBER": "3"}, "jenkins:a#3"),
    ],
)
def test_a_pipeline_is_named_by_its_run(environ: dict[str, str], name: str) -> None:
    assert actor.name(environ) == name


def test_the_revision_of_a_file_and_whether_it_differs(tmp_path: Path) -> None:
    file = tmp_path / "moph.yaml"
    file.write_text("a: 1\n")
    assert revision.of(file) == ""
    for words in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "t"),
    ):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    assert len(revision.of(file)) == 40
    file.write_text("a: 2\n")
    assert revision.of(file).endswith("+changed")
    assert revision.of(tmp_path / "none" / "x.yaml") == ""
