"""The wheel stands alone: installed in an empty environment, it plans an example elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from onboarding import environment
from tests.running import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "-w",
            str(folder),
            str(ROOT),
        ],
        check=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_no_generic_name_lands_at_the_top_of_site_packages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"onboarding"}


@pytest.mark.parametrize(
    "part",
    [
        "onboarding/stacks/program.py",
        "onboarding/policies/table.py",
        "onboarding/policies/data/thresholds.yaml",
        "onboarding/playbooks/deliver.yml",
        "onboarding/lab/recipes/kubernetes/go.sum",
        "onboarding/manifest/template/agency.yaml.j2",
    ],
)
def test_the_wheel_holds_what_is_no_python_module_too(wheel: Path, part: str) -> None:
    assert part in zipfile.ZipFile(wheel).namelist()


@pytest.mark.lab
@pytest.mark.timeout(900)
def test_installed_alone_it_plans_an_example(
    wheel: Path, tmp_path: Path, lab: environment.Environment
) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    pip = [str(tmp_path / "venv/bin/python"), "-m", "pip"]
    subprocess.run([*pip, "install", "--quiet", "--no-compile", str(wheel)], check=True)
    shutil.copy(ROOT / "examples/admincourt.yaml", tmp_path / "agency.yaml")
    planned = subprocess.run(
        [str(tmp_path / "venv/bin/onboard"), "plan", "agency.yaml", "--environment", lab.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )
    assert planned.returncode == 0, planned.stderr
    assert "ศาลปกครอง" in planned.stdout
