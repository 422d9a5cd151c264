"""The test lab: real engines under a name of their own, shared by a whole test run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from onboarding import environment
from tests.running import LAB, Done, onboard


@pytest.fixture(autouse=True)
def _signals_reach_children() -> Iterator[None]:
    """Children inherit an ignored signal: from a shell in the background, or from a command that
    another test ran in this process."""
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, action in before.items():
        signal.signal(number, action)


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
