"""Processes of a lab are told from all others, past and future."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding import errors
from onboarding.lab import process

_SLEEP = (sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)")
_DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""
_STUBBORN = (sys.executable, "-c", _DEAF)


def _start(folder: Path, argv: tuple[str, ...] = _SLEEP, label: str = "x:a") -> process.Mark:
    return process.start(
        argv, environ={"PATH": os.defpath}, folder=folder, log=folder / "a.log", label=label
    )


@pytest.fixture
def running(tmp_path: Path) -> Iterator[process.Mark]:
    mark = _start(tmp_path)
    yield mark
    process.stop(mark, 2)


def _wait_for(log: Path, word: str) -> None:
    deadline = time.monotonic() + 10
    while word not in "".join(process.tail(log, 5)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_started_process_lives_in_a_session_of_its_own(running: process.Mark) -> None:
    assert process.alive(running)
    assert os.getsid(running.pid) == running.pid
    assert process.resident(running) > 0
    assert 0 <= process.uptime(running) < 30


def test_log_is_private_and_caught(running: process.Mark, tmp_path: Path) -> None:
    _wait_for(tmp_path / "a.log", "begun")
    assert (tmp_path / "a.log").stat().st_mode & 0o777 == 0o600


def test_nothing_of_our_environment_is_inherited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_TOKEN", "s.canary")
    mark = _start(tmp_path)
    try:
        assert b"canary" not in Path(f"/proc/{mark.pid}/environ").read_bytes()
    finally:
        process.stop(mark, 2)


def test_stop_ends_it(running: process.Mark) -> None:
    process.stop(running, 5)
    assert not process.alive(running)
    process.stop(running, 5)


def test_stop_kills_who_does_not_listen(tmp_path: Path) -> None:
    mark = _start(tmp_path, _STUBBORN)
    _wait_for(tmp_path / "a.log", "deaf")
    process.stop(mark, 0.3)
    assert not process.alive(mark)


@pytest.mark.parametrize("change", [{"start_ticks": 1}, {"boot_id": "another-boot"}])
def test_another_process_with_the_same_pid_is_never_signalled(
    running: process.Mark, change: dict[str, int | str]
) -> None:
    foreign = dataclasses.replace(running, **change)  # type: ignore[arg-type]
    assert not process.alive(foreign)
    process.stop(foreign, 1)
    assert process.alive(running)


def test_zombie_counts_as_gone(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    mark = process.mark(child.pid)
    assert mark is not None
    child.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while process.alive(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not process.alive(mark)
    child.wait()


def test_no_process_has_no_mark() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert process.mark(child.pid) is None


def test_missing_program_is_our_error(tmp_path: Path) -> None:
    with pytest.raises(errors.EngineFailed) as caught:
        _start(tmp_path, ("/nowhere/engine",))
    assert "/nowhere/engine" in caught.value.message
    assert caught.value.resolution


def test_labelled_finds_what_was_never_recorded(running: process.Mark) -> None:
    assert process.labelled("x:") == {"a": running}
    assert process.labelled("y:") == {}


def test_long_log_is_turned_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_LOG_LIMIT", 10)
    (tmp_path / "a.log").write_text("older than this start\n")
    process.stop(_start(tmp_path), 2)
    assert (tmp_path / "a.log.1").read_text() == "older than this start\n"


def test_tail_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "b.log"
    assert process.tail(log, 3) == []
    log.write_bytes(b"".join(b"line %d\n" % n for n in range(20_000)) + b"\xff last\n")
    assert process.tail(log, 2) == ["line 19999", "\ufffd last"]
