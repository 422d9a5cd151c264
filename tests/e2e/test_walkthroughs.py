"""How-to pages that a reader follows from top to bottom: their commands run, in that order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from onboarding import environment
from tests.running import LAB, ROOT

_CODE = re.compile(r'departmentCode: "(\d+)"')
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def follow(page: str, folder: Path, agency: str, new: str) -> subprocess.CompletedProcess[str]:
    """Run every ``sh`` block of a page as one script in a copy of what a checkout shows.

    Other tests may have applied the page's ``agency`` to the lab, so it is ``new`` here.
    """
    for name in ("examples", "ci"):
        shutil.copytree(ROOT / name, folder / name)
    manifest = folder / f"examples/{agency}.yaml"
    renamed = manifest.read_text(encoding="utf-8").replace(agency, new)
    code = _CODE.search(renamed)
    assert code is not None
    manifest.write_text(
        renamed.replace(code[1], f"{code[1][:2]}{zlib.crc32(new.encode()) % 900 + 100}")
    )
    text = (ROOT / "docs/how-to" / page).read_text(encoding="utf-8")
    lines = "\n".join(["set -eux", *_BLOCK.findall(text)])
    script = lines.replace(f"history {agency}", f"history {new}")
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("ONBOARD_")},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "ONBOARD_ENVIRONMENT": LAB,
            "NO_COLOR": "1",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


@pytest.mark.usefixtures("lab")
def test_a_plan_is_reviewed_and_applied(tmp_path: Path) -> None:
    done = follow("pipelines.md", tmp_path, "dede", "dedew")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "this plan was applied already" in done.stdout
    assert (tmp_path / "comment.md").read_text().startswith("### Plan ")


def test_a_killed_run_goes_on(lab: environment.Environment, tmp_path: Path) -> None:
    done = follow("killed-run.md", tmp_path, "m-culture", "m-culture-w")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "m-culture-w  killed" in done.stdout
    assert "No changes: " in done.stdout


@pytest.mark.usefixtures("lab")
def test_the_pipelines_of_ci_run_here() -> None:
    done = subprocess.run(
        [ROOT / "ci/local.sh"],
        env={**os.environ, "ONBOARD_PIPELINE_LAB": LAB, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = [line for line in done.stdout.splitlines() if line.startswith(("==", "--"))]
    assert told == [
        f"== The environment: lab {LAB}",
        "== A repository: an environment file without any login, and a branch that adds an agency",
        "== Pull request: plan with the planner's rights, and comment",
        "-- exit code 0",
        "== The branch cannot apply it: Vault lets only main act as the applier",
        "-- exit code 5",
        "== Nor can a plan be applied that is not what was merged",
        "-- exit code 7",
        "== Merge: apply exactly what was reviewed, then verify",
        "-- exit code 0",
        "== The same job again: it was applied already",
        "-- exit code 0",
        "== Who did what",
    ]
