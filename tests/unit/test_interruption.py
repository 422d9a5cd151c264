"""Ctrl-C once, twice, and the deadline of a run."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from onboarding import interruption


@pytest.fixture
def told() -> Iterator[list[bool]]:
    """Whether it was the deadline, for each time that a person was told."""
    said: list[bool] = []
    listener = interruption.listen(said.append)
    yield said
    listener.close()


def ask(number: signal.Signals = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


def step_that_is_asked(times: int = 1, then: BaseException | None = None) -> None:
    with interruption.step():
        for _ in range(times):
            ask()
        if then is not None:
            raise then


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_outside_a_step_the_run_stops_at_once(told: list[bool], number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt):
        ask(number)
    assert told == [False]


def test_once_lets_the_step_end_and_record_what_it_did(told: list[bool]) -> None:
    done: list[int] = []

    def steps() -> Iterator[int]:
        for n in range(5):
            with interruption.step():
                if n == 2:
                    ask()
                yield n

    with pytest.raises(KeyboardInterrupt):
        done.extend(steps())
    assert done == [0, 1, 2]
    assert told == [False]


def test_twice_stops_in_the_middle_of_a_step(told: list[bool]) -> None:
    with pytest.raises(KeyboardInterrupt):
        step_that_is_asked(2, AssertionError("not reached"))
    assert told == [False], "said once"


def test_a_step_after_the_first_asking_ends_too(told: list[bool]) -> None:
    with pytest.raises(KeyboardInterrupt):
        ask()
    with interruption.step():
        ended = True
    assert ended, "what is done while stopping is not cut short"


def test_a_failure_of_the_step_comes_before_the_stop(told: list[bool]) -> None:
    with pytest.raises(ValueError, match="broken"):
        step_that_is_asked(1, ValueError("broken"))


def test_the_deadline_stops_a_wait_and_says_so(told: list[bool]) -> None:
    interruption.end_after(0.2)
    interruption.end_after(3600)
    began = time.monotonic()
    with pytest.raises(interruption.TimeIsUp):
        time.sleep(20)
    assert time.monotonic() - began < 5
    assert told == [True]


def test_what_whoever_started_us_switched_off_stays_off() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    listener = interruption.listen(lambda _: None)
    ask(signal.SIGHUP)
    listener.close()


def test_after_the_work_no_signal_spoils_the_report(told: list[bool]) -> None:
    interruption.listen(lambda _: None).close()
    ask()
    ask(signal.SIGTERM)


def test_without_a_listener_a_step_is_nothing_special() -> None:
    with pytest.raises(KeyboardInterrupt):
        step_that_is_asked(1, AssertionError("not reached"))
