"""The wheel stands alone: installed in an empty environment, it plans an example elsewhere."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator
from importlib import metadata
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
        "onboarding/lab/images/recipes/postgresql/serve",
        "onboarding/manifest/template/agency.yaml.j2",
    ],
)
def test_the_wheel_holds_what_is_no_python_module_too(wheel: Path, part: str) -> None:
    assert part in zipfile.ZipFile(wheel).namelist()


def test_what_it_imports_comes_with_it(wheel: Path) -> None:
    """Every import is of a package that it declares, or that one of those declares."""
    with zipfile.ZipFile(wheel) as content:
        (told,) = (name for name in content.namelist() if name.endswith("/METADATA"))
        lines = content.read(told).decode().splitlines()
        needs = [x.partition(": ")[2] for x in lines if x.startswith("Requires-Dist: ")]
        # A recipe's programs run inside the image that is made by it, with the packages there.
        own = [n for n in content.namelist() if n.endswith(".py") and "/images/recipes/" not in n]
        trees = [ast.parse(content.read(n)) for n in own]
    declared = _names(need for need in needs if "extra == 'dev'" not in need)
    installed = _names(d.name for d in metadata.distributions())
    known = declared.union(
        *(_names(metadata.requires(name) or ()) for name in declared & installed)
    )
    provided = metadata.packages_distributions()
    tops = {top for tree in trees for top in _imported(tree)} - sys.stdlib_module_names
    wanted = {top: _names(provided.get(top, [top])) for top in tops - {"onboarding"}}
    assert {top: found for top, found in wanted.items() if not found & known} == {}


def _names(requirements: Iterable[str]) -> set[str]:
    """Names of packages, written in one way."""
    found = (re.match(r"[\w.-]+", each) for each in requirements)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.lab
def test_beside_other_packages_it_plans_an_example(
    wheel: Path, tmp_path: Path, lab: environment.Environment
) -> None:
    """Unpacked from the wheel, far from the checkout, with the packages that are installed here."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "unpacked")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "unpacked")}
    where = [sys.executable, "-c", "import onboarding; print(onboarding.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, check=True, capture_output=True, env=environ)
    assert found.stdout.decode().startswith(str(tmp_path / "unpacked"))
    _plans_an_example([sys.executable, "-m", "onboarding"], tmp_path, lab, environ)


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_installed_alone_it_plans_an_example(
    wheel: Path, tmp_path: Path, lab: environment.Environment
) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    pip = [str(tmp_path / "venv/bin/python"), "-m", "pip"]
    subprocess.run([*pip, "install", "--quiet", "--no-compile", str(wheel)], check=True)
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    _plans_an_example([str(tmp_path / "venv/bin/onboard")], tmp_path, lab, environ)


def _plans_an_example(
    command: list[str], folder: Path, lab: environment.Environment, environ: dict[str, str]
) -> None:
    shutil.copy(ROOT / "examples/admincourt.yaml", folder / "agency.yaml")
    planned = subprocess.run(
        [*command, "plan", "agency.yaml", "--environment", lab.name],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=environ,
    )
    assert planned.returncode == 0, planned.stderr
    assert "ศาลปกครอง" in planned.stdout
