"""The test lab: real engines under a name of their own, shared by a whole test run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from onboarding import environment
from tests.running import LAB, Done, onboard

_WITHOUT_ENGINES = ("docs", "examples", "exchange", "policies", "probes", "stacks", "unit")
_ONE_WORLD = ("tests/faults", "tests/integration/lab")
"""Folders whose files share something that takes long to make."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs no engine comes last: side by side with others it fills their gaps."""
    items.sort(key=lambda item: item.nodeid.split("/")[1] in _WITHOUT_ENGINES)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Under ``pytest -n 2`` each process has a lab of its own and runs whole files in order."""
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False  # else those with the most tests come first
    made = LoadScopeScheduling(config, log)
    made._split_scope = _together
    return made


def _together(test: str) -> str:
    """Tests with the same answer run in one process."""
    file = test.partition("::")[0]
    folder = file.rpartition("/")[0]
    if file.split("/")[1] in _WITHOUT_ENGINES:
        return test
    return folder if folder in _ONE_WORLD else file


@pytest.fixture(autouse=True)
def _signals_reach_children(request: pytest.FixtureRequest) -> Iterator[None]:
    """Children inherit an ignored signal: from a shell in the background, from nohup, or from a
    command that another test ran in this process."""
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, action in before.items():
        signal.signal(number, action)
    interrupted = request.session.exitstatus == pytest.ExitCode.INTERRUPTED
    if interrupted and "PYTEST_XDIST_WORKER" in os.environ:
        # pytest-xdist interrupts its processes once more, when they are stopping their labs.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


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
