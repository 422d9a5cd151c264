"""The ready pipelines: no stored secret, the least rights, nothing from outside in a shell."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.running import ROOT

GITHUB = ROOT / "ci/github/agencies.yaml"
GITLAB = ROOT / "ci/gitlab/agencies.yaml"


def read(path: Any) -> dict[Any, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_github_jobs_have_the_rights_they_need_and_no_more() -> None:
    workflow = read(GITHUB)
    assert workflow["permissions"] == {"contents": "read"}
    plan, apply = workflow["jobs"]["plan"], workflow["jobs"]["apply"]
    assert plan["permissions"] == {
        "contents": "read", "id-token": "write", "pull-requests": "write"
    }  # fmt: skip
    assert "write" not in {v for k, v in apply["permissions"].items() if k != "id-token"}
    assert apply["environment"] == "gdcc"
    assert "head.repo.full_name == github.repository" in plan["if"]


def test_nothing_that_a_stranger_can_write_is_part_of_a_shell_line() -> None:
    for job in read(GITHUB)["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("path", [GITHUB, GITLAB], ids=["github", "gitlab"])
def test_no_secret_is_stored_and_every_step_exists(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    assert "secrets." not in text
    steps = set(re.findall(r"ci/steps/\w+\.sh", text))
    assert steps == {"ci/steps/plan.sh", "ci/steps/apply.sh"}
    assert all((ROOT / step).stat().st_mode & 0o111 for step in steps)


def test_gitlab_applies_on_the_default_branch_one_at_a_time() -> None:
    jobs = read(GITLAB)
    assert "$CI_DEFAULT_BRANCH" in jobs["apply"]["rules"][0]["if"]
    assert jobs["apply"]["resource_group"] == jobs["apply"]["environment"] == "gdcc"
    assert jobs[".onboard"]["id_tokens"] == {"ONBOARD_ID_TOKEN": {"aud": "gdcc-onboard"}}
