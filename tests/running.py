"""Running the command line as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")
"""Where tests run side by side each process has a lab of its own."""
LAB = "-".join(filter(None, [os.environ.get("ONBOARD_TEST_LAB_NAME", "tests"), _PROCESS]))
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
