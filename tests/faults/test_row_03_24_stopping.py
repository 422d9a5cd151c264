"""Rows 3 and 24: stopped by people, deadlines and closed pipes; children that hang or are killed.

``tests/e2e/test_interrupt.py`` stops each engine by Ctrl-C, terminates and kills a run.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import plans, processes, proxy
from tests.faults.invariants import PARTIAL, STOPPED, Run, Village, World
from tests.running import ROOT, Done

pytestmark = pytest.mark.lab

LONGEST = 15.0
"""Seconds from the signal to the end, as docs/reliability.md promises: a change in hand takes one
or two, and the rest is for a computer that has other work."""


def stopped(world: World, village: Village, words: str, *numbers: signal.Signals) -> Run:
    """Signals at a write, whose answer then takes a second."""
    at: list[float] = []

    def plan(asked: proxy.Asked) -> proxy.Fault | None:
        if at or not asked.number or words not in asked.key:
            return None
        at.append(time.monotonic())
        victim = world.between.victim
        assert victim is not None
        for number in numbers:
            victim.send_signal(number)
            time.sleep(0.4)
        return proxy.delay(1.0)

    run = world.apply(village, plan)
    took = time.monotonic() - at[0]
    assert run.done.code == STOPPED, run.said
    assert "once more to stop at once" in run.done.err
    assert took < LONGEST, f"it took {took:.1f} s to stop"
    world.checks(village, run, within=120)
    return run


def unfinished(run: Run) -> set[str]:
    """Changes that were begun and not ended."""
    begun = {e.details["ref"] for e in run.events if e.event == "change-begun"}
    return begun - {e.details["ref"] for e in run.events if e.event == "change-ended"}


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_row_3_once_ends_the_step_twice_stops_at_once(world: World) -> None:
    village = world.agency()
    run = stopped(world, village, "/config/urls", signal.SIGINT)
    assert unfinished(run) == set(), "the change in hand was written and recorded"
    run = stopped(world, village, "/roles/", signal.SIGINT, signal.SIGINT)
    assert unfinished(run) != set(), "in the middle of a change"
    world.holds(village)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_row_3_signals_deadlines_and_pulumi(world: World) -> None:
    village = world.agency()
    for number, words in ((signal.SIGTERM, "/config/crl"), (signal.SIGHUP, "/sys/policies")):
        assert unfinished(stopped(world, village, words, number)) == set()
    run = world.apply(village, lambda a: proxy.delay(3.0) if a.number else None, "--timeout", "15s")
    assert run.done.code == STOPPED, run.said
    assert "the time of this run is up" in run.done.err
    world.checks(village, run, within=40)
    # Pulumi is killed with its provider; what it had under way is settled by the next run.
    stopped(world, village, "/deployments/", signal.SIGINT, signal.SIGINT)
    world.holds(village)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("closed", ["out", "both"])
def test_row_3_a_closed_pipe_ends_no_run(world: World, closed: str) -> None:
    """Whoever reads may leave: the run goes on to its end and tells it by its exit code."""
    village = world.agency()

    def work() -> Done:
        words = ("-v", "apply", str(village.file), "--yes", "--no-verify")
        with world.between.started(*words) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            child.stdout.close()
            if closed == "both":
                child.stderr.close()
            said = "" if closed == "both" else child.stderr.read()
            return Done(child.wait(300), "", said)

    run = world.timed(village, work)
    assert run.done.code == 0, run.said
    world.checks(village, run, within=300)
    world.holds(village)


def test_row_3_head_gets_its_lines_and_the_code_is_our_own(world: World) -> None:
    for words, code in ((["plan", str(world.neighbour.file)], 0), (["plan", "no-such.yaml"], 2)):
        command = [sys.executable, "-m", "onboarding", *words, "--environment", world.target.name]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            child.stdout.close()
            said = child.stderr.read()
            assert child.wait(120) == code, said
            assert "Traceback" not in said
            assert "Exception ignored" not in said


# Row 24


def strike(world: World, name: str, do: Callable[[int], None]) -> threading.Thread:
    """Do something to the first process of a name that the run starts, once it is at work."""

    def work() -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            victim = world.between.victim
            for process in processes.tree(victim.pid) if victim else ():
                if name in _command(process):
                    time.sleep(0.5)
                    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                        do(process)
                        return
            time.sleep(0.2)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _command(process: int) -> str:
    try:
        content = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return ""
    return content.replace(b"\0", b" ").decode(errors="replace")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_row_24_children_that_hang_or_are_killed(world: World) -> None:
    """SIGSTOP: it hangs. SIGKILL: what the kernel does to it where memory is short."""
    village = world.agency()
    for name, number in (
        ("pulumi --non", signal.SIGSTOP),
        ("pulumi-resource-kubernetes", signal.SIGSTOP),
        ("pulumi --non", signal.SIGKILL),
        ("pulumi-resource-kubernetes", signal.SIGKILL),
        ("ansible-playbook", signal.SIGSTOP),
        ("ansible-playbook", signal.SIGKILL),
    ):
        struck: set[tuple[int, str]] = set()

        def hit(process: int, number: int = number, struck: set[tuple[int, str]] = struck) -> None:
            struck |= {processes.began(p) for p in processes.tree(process)}
            os.kill(process, number)

        # Hung ones are ended soon; the others have all the time they need.
        longest = 20.0 if number == signal.SIGSTOP else 200.0
        with world.patience(pulumi=longest, ansible=longest, stop=5.0):
            thread = strike(world, name, hit)
            run = world.apply(village, plans.nothing)
        thread.join(10)
        assert struck, f"{name} was never seen"
        left = [_command(p) for p, began in struck if began and processes.began(p)[1] == began]
        assert left == [], f"of {name} was left behind"
        assert run.done.code in (0, PARTIAL, 1), f"{name} {number}: {run.said}"
        world.checks(village, run, within=150)
        if run.done.code == 0:
            # A second update made good what the first could not.
            world.holds(village)
            village = world.agency()
    world.holds(village)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_rows_12_and_24_too_few_files_or_too_little_memory(world: World) -> None:
    """A run that cannot begin, or not go on (Pulumi needs more than Python), says so."""
    village = world.agency()
    for limit in ("-n 24", "-v 300000"):
        command = [
            sys.executable, "-m", "onboarding", "apply", str(village.file), "--yes",
            "--environment", world.target.name,
        ]  # fmt: skip

        def work(limit: str = limit, command: list[str] = command) -> Done:
            ended = subprocess.run(
                ["bash", "-c", f'ulimit {limit}; exec "$@"', "_", *command],
                cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            return Done(ended.returncode, ended.stdout, ended.stderr)

        run = world.timed(village, work)
        assert run.done.code in (1, 5, PARTIAL), run.said
        world.checks(village, run, within=250)
    world.holds(village)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_row_24_memory_that_ends_in_the_middle(world: World) -> None:
    """The run itself, then Pulumi, may from some moment on take no more memory."""
    village = world.agency()

    def plan(asked: proxy.Asked) -> None:
        if asked.number == 6 and world.between.victim is not None:
            no_more_memory(world.between.victim.pid)

    run = world.apply(village, plan)
    assert run.done.code in (0, 1, PARTIAL), run.said
    world.checks(village, run, within=200)
    with world.patience(pulumi=100.0, stop=5.0):
        thread = strike(world, "pulumi --non", no_more_memory)
        run = world.apply(village, plans.nothing)
    thread.join(10)
    assert not thread.is_alive(), "Pulumi was never seen"
    assert run.done.code in (0, PARTIAL), run.said
    world.checks(village, run, within=250)
    world.holds(village)


def no_more_memory(process: int) -> None:
    """It keeps what it has, and gets 2 MB more."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="utf-8").split()[0])
    most = pages * resource.getpagesize() + 2_000_000
    resource.prlimit(process, resource.RLIMIT_AS, (most, most))
