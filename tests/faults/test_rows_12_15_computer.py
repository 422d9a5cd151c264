"""Rows 12 and 15: this computer's disk is full, broken or read-only; its clock is wrong."""

from __future__ import annotations

import errno
import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from onboarding import environment
from tests.faults import proxy, wrong_clock
from tests.faults.invariants import PARTIAL, Village, World
from tests.running import ROOT, Done

pytestmark = pytest.mark.lab

_REASONS = {
    "full": errno.ENOSPC,
    "over quota": errno.EDQUOT,
    "read-only": errno.EROFS,
    "broken": errno.EIO,
}


def refused(world: World, village: Village, number: int, reason: str) -> None:
    """Every durable write of the run's own process fails, from a number on."""
    spec = {"files": str(world.folder / "files.log"), "refuse": [number, _REASONS[reason]]}
    words = ("apply", str(village.file), "--yes", "--no-verify")
    run = world.timed(village, lambda: world.between.onboard(*words, spec=spec))
    assert run.done.code in (1, PARTIAL), run.said
    assert os.strerror(_REASONS[reason]) in run.done.err, run.said
    if run.done.code == 1:
        written = [asked.key for asked in world.between.writes]
        assert written == [], f"I7: 1 says that nothing was written\n{run.said}"
    world.checks(village, run, within=120)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_row_12_a_disk_that_takes_no_more(world: World) -> None:
    """In the first write of all, in the first engine, a little later, and later still."""
    village = world.agency()
    for reason, number in zip(_REASONS, (1, 6, 14, 26), strict=True):
        refused(world, village, number, reason)
    world.holds(village)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_row_12_a_real_file_system_that_is_full(world: World) -> None:
    """The state lies on a memory file system of a few pages, in a namespace of the run's own."""
    village = world.agency()
    store = world.folder / "small"
    store.mkdir(exist_ok=True)
    file = world.folder / "small.yaml"
    state = environment.State(store=f"file://{store}")
    environment.save(file, world.target.model_copy(update={"state": state}))
    # The file system goes with the run: what the run left in it is searched as a copy.
    left = world.folder / "left"
    left.mkdir(exist_ok=True)
    for size in ("24k", "64k"):
        command = [
            sys.executable, "-m", "onboarding", "apply", str(village.file), "--yes",
            "--no-verify", "--environment", str(file),
        ]  # fmt: skip
        script = (
            f"mount -t tmpfs -o size={size} none {store} || exit 99; "
            f'"$@"; code=$?; cp -r {store}/. {left}; exit $code'
        )
        namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "_"]

        def work(words: tuple[str, ...] = (*namespace, *command)) -> Done:
            ended = subprocess.run(
                words, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False
            )
            return Done(ended.returncode, ended.stdout, ended.stderr)

        run = world.timed(village, work)
        assert "No space left" in run.done.err, run.said
        assert run.done.code == (PARTIAL if "recorded as done" in run.done.err else 1)
        assert any(left.rglob(village.name)), "what it left is searched"
        world.checks(village, run, left, within=200)
    world.holds(village)


# Row 15


def in_time(world: World, shift: str, *words: str) -> Done:
    """A command whose clock is shifted; the systems keep theirs."""
    ended = subprocess.run(
        [sys.executable, "-m", "onboarding", *words, "--environment", world.target.name],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(Path.home()), "CI": "true",
            **wrong_clock.settings(FAKETIME=shift),
        },
    )  # fmt: skip
    return Done(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("shift", ["+1h", "-1h", "+1y", "-1y"])
def test_row_15_a_clock_that_is_wrong_is_no_reason_to_change_anything(
    world: World, shift: str
) -> None:
    """Either nothing to do, or a clear refusal; never a renewal that is not due."""
    file = str(world.neighbour.file)
    for words in (
        ("plan", file, "--detailed-exitcode"),
        ("apply", file, "--yes", "--no-verify"),
    ):
        run = world.timed(world.neighbour, functools.partial(in_time, world, shift, *words))
        assert run.done.code in (0, 5), run.said
        if run.done.code == 5:
            reasons = ("clock", "certificate", "ended", "expired")
            assert any(word in run.done.err for word in reasons), run.said
        assert [e for e in run.events if e.event == "change-begun"] == []
        world.checks(world.neighbour, run, within=120)
    world.neighbour_untouched()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_row_15_clocks_that_differ_and_jump_in_the_middle(world: World) -> None:
    """Some seconds apart; then an hour back, and forth, while it runs: waits do not mind.

    A minute apart is more than a signed sign-in bears: refused, with nothing written.
    """
    for shift in ("+10s", "-10s"):
        village = world.agency()
        words = ("apply", str(village.file), "--yes", "--no-verify")
        for far in ("+60s", "-60s"):
            run = world.timed(village, functools.partial(in_time, world, far, *words))
            assert run.done.code == 5, run.said
            assert "the clocks differ" in run.done.err
            assert run.events == ()
        run = world.timed(village, functools.partial(in_time, world, shift, *words))
        assert run.done.code == 0, run.said
        world.checks(village, run, within=250)
        world.holds(village)
    clock = world.folder / "clock"
    for jump in ("-3600\n", "+3600\n"):
        village = world.agency()
        clock.write_text("+0\n", encoding="utf-8")

        def plan(asked: proxy.Asked, jump: str = jump) -> None:
            if asked.number == 6:
                clock.write_text(jump, encoding="utf-8")

        with pytest.MonkeyPatch.context() as shell:
            told = wrong_clock.settings(FAKETIME_TIMESTAMP_FILE=str(clock), FAKETIME_NO_CACHE="1")
            for name, value in told.items():
                shell.setenv(name, value)
            run = world.apply(village, plan)
        assert clock.read_text(encoding="utf-8") == jump, "the clock jumped"
        assert run.done.code in (0, PARTIAL), run.said
        world.checks(village, run, within=250)
        world.holds(village)
