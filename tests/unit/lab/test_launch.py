"""Starting side by side: order, what is kept, what is restarted, what is said on failure."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding import errors, progress
from onboarding.lab import component, launch, process, roster
from onboarding.lab import home as homes
from onboarding.lab import state as states

_PATIENT = (sys.executable, "-c", "import time; time.sleep(60)")
_SHORT = (sys.executable, "-c", "print('cannot go on', flush=True)")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[launch.Ledger]:
    home = homes.Home("trial", tmp_path / "trial")
    homes.create(home)
    made = launch.Ledger(home, states.State())
    yield made
    for started in made.state.started.values():
        process.stop(started.mark, 2)


@pytest.fixture
def lab(tmp_path: Path, ledger: launch.Ledger) -> component.Lab:
    return component.Lab(homes.Home("trial", tmp_path / "trial"), {}, {})


def _part(name: str, **changes: object) -> component.Component:
    part = component.Component(name, _PATIENT, lambda _: "", start_seconds=5)
    return dataclasses.replace(part, **changes)  # type: ignore[arg-type]


def _launch(
    lab: component.Lab, ledger: launch.Ledger, *parts: component.Component
) -> dict[str, bool]:
    ready = launch.launch(lab, parts, ledger, progress.Silent())
    return {one.name: one.started for one in ready}


def test_each_starts_after_what_it_needs(lab: component.Lab, ledger: launch.Ledger) -> None:
    order: list[str] = []

    def ready(name: str) -> component.Probe:
        return lambda _: order.append(name) or ""  # type: ignore[func-returns-value]

    last = _part("kwok", after=("apiserver",), ready=ready("kwok"))
    middle = _part("apiserver", after=("etcd",), ready=ready("apiserver"))
    first = _part("etcd", ready=ready("etcd"))
    assert set(_launch(lab, ledger, last, middle, first)) == {"etcd", "apiserver", "kwok"}
    assert order == ["etcd", "apiserver", "kwok"]


def test_again_keeps_what_runs(lab: component.Lab, ledger: launch.Ledger) -> None:
    assert _launch(lab, ledger, _part("etcd")) == {"etcd": True}
    before = ledger.state.started["etcd"].mark
    assert _launch(lab, ledger, _part("etcd")) == {"etcd": False}
    assert ledger.state.started["etcd"].mark == before


def test_changed_description_restarts(lab: component.Lab, ledger: launch.Ledger) -> None:
    _launch(lab, ledger, _part("etcd"))
    before = ledger.state.started["etcd"].mark
    assert _launch(lab, ledger, _part("etcd", environ={"A": "b"})) == {"etcd": True}
    assert not process.alive(before)


def test_died_component_is_started_alone(lab: component.Lab, ledger: launch.Ledger) -> None:
    parts = (_part("etcd"), _part("kwok", after=("etcd",)))
    _launch(lab, ledger, *parts)
    process.stop(ledger.state.started["kwok"].mark, 2)
    assert _launch(lab, ledger, *parts) == {"etcd": False, "kwok": True}


def test_running_but_never_ready_is_restarted(
    lab: component.Lab, ledger: launch.Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_GRACE_SECONDS", 0.2)
    _launch(lab, ledger, _part("etcd", start_seconds=0.1))
    hung = ledger.state.started["etcd"].mark

    def ready(_: component.Lab) -> str:
        return "hangs" if process.alive(hung) else ""

    assert _launch(lab, ledger, _part("etcd", start_seconds=0.1, ready=ready)) == {"etcd": True}


def test_failure_shows_the_last_lines_and_spares_the_others(
    lab: component.Lab, ledger: launch.Ledger
) -> None:
    parts = (
        _part("etcd", argv=_SHORT, ready=lambda _: "no answer"),
        _part("apiserver", after=("etcd",)),
        _part("openbao"),
    )
    with pytest.raises(errors.EngineFailed) as caught:
        _launch(lab, ledger, *parts)
    text = str(caught.value)
    assert "cannot go on" in text
    assert "apiserver was not started: etcd is not ready" in text
    assert "openbao" in ledger.state.started
    assert "apiserver" not in ledger.state.started
    assert caught.value.resolution


def test_never_ready_says_why(lab: component.Lab, ledger: launch.Ledger) -> None:
    with pytest.raises(errors.EngineFailed, match="answers 503"):
        _launch(lab, ledger, _part("etcd", start_seconds=0.1, ready=lambda _: "answers 503"))


def test_bug_in_a_thread_does_not_hang(lab: component.Lab, ledger: launch.Ledger) -> None:
    def broken(_: component.Lab) -> None:
        raise KeyError("missing")

    with pytest.raises(errors.EngineFailed, match="KeyError"):
        _launch(lab, ledger, _part("etcd", prepare=broken))


def test_prepare_and_settle_run_around_the_start(lab: component.Lab, ledger: launch.Ledger) -> None:
    order: list[str] = []
    part = _part(
        "etcd",
        prepare=lambda _: order.append("prepare"),
        ready=lambda _: order.append("ready") or "",  # type: ignore[func-returns-value]
        settle=lambda _: order.append("settle"),
    )
    _launch(lab, ledger, part)
    assert order == ["prepare", "ready", "settle"]


def test_files_are_written_before_the_start(lab: component.Lab, ledger: launch.Ledger) -> None:
    path = lab.home.config / "etcd.yaml"
    _launch(lab, ledger, _part("etcd", files={path: "a: b\n"}))
    assert path.read_text() == "a: b\n"


def test_names_used_here_are_of_the_roster() -> None:
    assert {"etcd", "apiserver", "kwok", "openbao"} <= set(roster.DESCRIPTIONS)
