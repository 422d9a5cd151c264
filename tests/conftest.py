"""The test lab: real engines under a name of their own, shared by a whole test run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from onboarding import environment

LAB = "tests"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


def onboard(*words: str, folder: Path = ROOT, answer: str = "", timeout: float = 900) -> Done:
    """Run the command line as a user would, as a process of its own."""
    child_environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("ONBOARD_")},
        "NO_COLOR": "1",
        "CI": "true",
        "ONBOARD_ENVIRONMENT": LAB,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "onboarding", *words],
        cwd=folder,
        input=answer,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env=child_environment,
    )
    return Done(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture(scope="session")
def lab() -> Iterator[environment.Environment]:
    """A lab that starts empty, is bootstrapped, and is stopped at the end of the run.

    ``ONBOARD_TEST_LAB=keep`` leaves it running and reuses it, for work on one test.
    """
    keep = os.environ.get("ONBOARD_TEST_LAB") == "keep"
    if not keep:
        _must(onboard("lab", "reset", "--name", LAB, "--yes"))
    _must(onboard("lab", "up", "--name", LAB, timeout=3600))
    yield environment.load(environment.locate(LAB))
    if not keep:
        _must(onboard("lab", "down", "--name", LAB))


def _must(done: Done) -> None:
    if done.code:
        pytest.fail(f"the test lab: exit code {done.code}\n{done.out}\n{done.err}", pytrace=False)
