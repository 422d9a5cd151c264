"""A lab of these tests alone, in a data folder of its own, so that it may be broken."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding.lab import home as homes
from tests.running import Done, onboard

NAME = "probe"


def command(*words: str, **options: object) -> Done:
    """``onboard lab WORDS --name probe``."""
    return onboard("lab", *words, "--name", NAME, **options)  # type: ignore[arg-type]


def must(done: Done) -> Done:
    assert done.code == 0, f"exit code {done.code}\n{done.out}\n{done.err}"
    return done


@pytest.fixture(scope="package")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[homes.Home]:
    before = os.environ.get("XDG_DATA_HOME")
    os.environ["XDG_DATA_HOME"] = str(tmp_path_factory.mktemp("labs"))
    home = homes.locate(NAME)
    try:
        must(command("up", timeout=3600))
        yield home
    finally:
        command("reset", "--yes")
        if before is None:
            del os.environ["XDG_DATA_HOME"]
        else:
            os.environ["XDG_DATA_HOME"] = before


@pytest.fixture
def up(probe: homes.Home) -> homes.Home:
    """The lab, complete again, whatever the test before has done to it."""
    must(command("up"))
    return probe


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o777
