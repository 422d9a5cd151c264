"""No file, whatever it holds, costs more than seconds and a small part of a computer's memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.running import ROOT
from tests.unit.manifest import hostile

SECONDS = 2
MEGABYTES = 200


@pytest.fixture(scope="module")
def costs() -> dict[str, dict[str, Any]]:
    """What each input cost, measured in one process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.manifest.hostile"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["name"]: line for line in lines}


@pytest.mark.parametrize("name", hostile.INPUTS)
def test_a_hostile_file_is_read_or_refused_cheaply(
    costs: dict[str, dict[str, Any]], name: str
) -> None:
    cost = costs[name]
    assert cost["seconds"] < SECONDS
    assert cost["megabytes"] < MEGABYTES
    assert cost["ended"] == "read" or "mistake" in cost["ended"] or "is " in cost["ended"]


_MEASURED = """
import json, resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps([code, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e6]))
"""
"""Starts the command from a small process: a child's peak begins with that of its parent."""


@pytest.mark.parametrize("name", ["wrong-bodies", "many-drafts", "ten-megabytes"])
def test_the_command_keeps_within_the_same_bounds(tmp_path: Path, name: str) -> None:
    file = tmp_path / "agency.yaml"
    file.write_bytes(hostile.content(name))
    command = [sys.executable, "-m", "onboarding", "validate", str(file)]
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *command],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    code, seconds, megabytes = json.loads(done.stdout)
    assert code in (0, 2)
    assert megabytes < MEGABYTES
    assert seconds < SECONDS + 1  # one for the interpreter and its imports
