"""The command line with engines in memory, an environment file, and nobody to ask."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding import desired, environment, item, policy, verify
from onboarding.cli import console
from onboarding.engines import table
from tests.unit import targets
from tests.unit.cli import world

WANTED = (
    world.thing(item.EngineName.VAULT, "one"),
    world.thing(item.EngineName.VAULT, "two"),
    world.thing(item.EngineName.CLUSTER, "three"),
)


@pytest.fixture(autouse=True)
def restore_signals() -> Iterator[None]:
    """The command sets signals for its process, which here is the one of the tests."""
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, action in before.items():
        signal.signal(number, action)


@pytest.fixture(autouse=True)
def fresh_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test is a process of its own as far as ``--quiet`` and ``--verbose`` go."""
    monkeypatch.setattr(console, "_volume", {"quiet": False, "verbose": False})
    monkeypatch.setenv("CI", "true")


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment file that ``$ONBOARD_ENVIRONMENT`` names; its store is under ``tmp_path``."""
    made = targets.pinned("id").model_copy(
        update={"state": environment.State(store=f"file://{tmp_path}/store")}
    )
    path = tmp_path / "onboard.yaml"
    environment.save(path, made)
    monkeypatch.setenv("ONBOARD_ENVIRONMENT", str(path))
    return path


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch, target: Path) -> list[world.Memory]:
    """All engines, empty; three items are desired, and every control passes."""
    made = [world.Memory(name) for name in item.ENGINE_ORDER]
    monkeypatch.setattr(table, "of", lambda *_: tuple(made))
    monkeypatch.setattr(desired, "everything", lambda *_: WANTED)
    passed = world.findings(("MOU-001", policy.Verdict.PASS, "manifest"))
    monkeypatch.setattr(verify, "review", lambda *_, **__: passed)
    live = world.findings(("TEN-001", policy.Verdict.PASS, "namespace"))
    monkeypatch.setattr(verify, "verify_tenant", lambda *_, **__: live)
    return made
