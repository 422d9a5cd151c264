"""What must hold after every fault (I1 to I8), asked of the systems themselves.

A run of an agency of its own meets a fault; then the same command goes on without a person, and
everything must stand as an uninterrupted run leaves it::

    village = world.agency()
    run = world.apply(village, faults.lose_reply_of("root/sign-intermediate"))
    world.checks(village, run, within=60)      # I6, I7, I8: after each run that met a fault
    world.holds(village)                       # I1 to I5: after the one that goes on

Several faults may meet one agency, one run after the other: each goes on where the one before it
was stopped, which is harder than each alone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from onboarding import environment
from onboarding.state import interface as state
from onboarding.state import opening
from tests import canaries
from tests.faults import crash, estate, proxy
from tests.running import Done

STOPPED = 130
PARTIAL = 6
_PLAIN = ("--no-verify",)


_OTHERS = re.compile(r"ga-(?!\{agency\})[\w-]+,? ?")


@dataclass(frozen=True, slots=True)
class Village:
    """One agency, which no other test knows."""

    number: int
    name: str
    code: str
    file: Path


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended, after how many seconds, and what it added to the journal."""

    done: Done
    seconds: float
    events: tuple[state.Entry, ...] = ()

    @property
    def said(self) -> str:
        return self.done.out + self.done.err


class World:
    """A lab behind a proxy, what an uninterrupted run leaves, and a neighbour to be left alone."""

    def __init__(self, target: environment.Environment, folder: Path) -> None:
        self.target = target
        self.folder = folder
        self.bench = crash.Bench(target, crash.SCENARIOS["apply"], folder)
        self.between = self.bench.between
        self.agencies = 0
        self._left: set[int] = {0}

    def prepare(self) -> None:
        """The golden run, and the neighbour; the proxy must be there."""
        self.golden = self.bench.golden(0)
        self.neighbour = self.agency()
        done = self.plain("apply", str(self.neighbour.file), "--yes", "--no-verify")
        assert done.code == 0, done.err
        self._neighbour_was = self.estate(self.neighbour)

    def agency(self) -> Village:
        self.agencies += 1
        self._left.add(self.agencies)
        name, code = self.bench.agency(self.agencies)
        return Village(self.agencies, name, code, self.bench.manifest(self.agencies, changed=True))

    def plain(self, *words: str) -> Done:
        """As a user runs it, with no proxy between."""
        return self.bench.plain(*words)

    def wipe(self) -> None:
        """Take away what this world made and failed to."""
        for number in self._left:
            self.bench.wipe(number)

    def estate(self, village: Village) -> dict[str, Any]:
        return estate.of(self.target, village.name, village.code)

    def apply(self, village: Village, plan: proxy.Plan, *more: str) -> Run:
        """Apply through the proxy, which does what ``plan`` says to each request."""
        return self.timed(
            village, lambda: self.through(plan, "apply", str(village.file), "--yes", *_PLAIN, *more)
        )

    def timed(self, village: Village, work: Callable[[], Done]) -> Run:
        """Do something to an agency, and say how long it took and what was recorded."""
        store = opening.of(self.target)
        before = len(store.journal(village.name))
        began = time.monotonic()
        done = work()
        seconds = time.monotonic() - began
        return Run(done, seconds, tuple(store.journal(village.name)[before:]))

    def through(self, plan: proxy.Plan, *words: str) -> Done:
        self.between.plan = plan
        try:
            return self.between.onboard(*words)
        finally:
            self.between.plan = lambda _: None

    def looked(self, plan: proxy.Plan, *more: str) -> Run:
        """A plan for the neighbour, whom nothing needs, through the proxy."""
        words = ("plan", str(self.neighbour.file), "--detailed-exitcode", *more)
        return self.timed(self.neighbour, lambda: self.through(plan, *words))

    @contextmanager
    def patience(self, **spans: float) -> Iterator[None]:
        """Other timeouts for runs through the proxy, as a user sets them in the file."""
        file = self.between.environment_file
        before = environment.load(file)
        timeouts = before.timeouts.model_copy(update=spans)
        environment.save(file, before.model_copy(update={"timeouts": timeouts}))
        try:
            yield
        finally:
            environment.save(file, before)

    def checks(self, village: Village, run: Run, *more: Path, within: float) -> None:
        """I6, I7 and I8 of one run; ``more``: folders of it beside the lab's own."""
        assert run.seconds < within, f"I6: took {run.seconds:.0f} s\n{run.said}"
        _honest(run)
        self._secret_free(village, run, more)

    def holds(self, village: Village) -> None:
        """I1 to I5: the same command goes on, and ends where an uninterrupted run ends."""
        self._resumes(village)
        self.neighbour_untouched()
        self.bench.wipe(village.number)
        self._left.discard(village.number)

    def _resumes(self, village: Village) -> None:
        store = opening.of(self.target)
        known = store.journal(village.name)
        again = self.plain("apply", str(village.file), "--yes", "--output", "json")
        assert again.code == 0, f"the next run ended with {again.code}\n{again.out}{again.err}"
        wrong = estate.differences(_live(self.golden.estate), _live(self.estate(village)))
        assert wrong == [], "\n".join(["I1, I2, I4:", *wrong])
        judged = self._judged(
            crash._findings(again.out, village.name, village.code)
        ) ^ self._judged(self.golden.findings)
        assert not judged, "\n".join(["I4: the controls judge otherwise:", *sorted(judged)])
        assert store.journal(village.name)[: len(known)] == known, "I3: a record was lost"
        third = self.plain("plan", str(village.file), "--detailed-exitcode", "--output", "json")
        assert third.code == 0, f"I4: a third run would write\n{third.out}"

    @staticmethod
    def _judged(findings: Iterable[str]) -> set[str]:
        """Without the namespaces of others, which a finding lists and which come and go."""
        return {_OTHERS.sub("", finding) for finding in findings}

    def neighbour_untouched(self) -> None:
        now = self.estate(self.neighbour)
        wrong = estate.differences(_live(self._neighbour_was), _live(now))
        assert wrong == [], "\n".join(["I5:", *wrong])

    def _secret_free(self, village: Village, run: Run, more: Iterable[Path] = ()) -> None:
        """I8: what is known of the operator's and the agency's secrets, and what looks like one."""
        home = environment.labs_folder() / self.target.name
        secrets = [
            *canaries.operator_secrets(home),
            *canaries.tenant_secrets(self.target, village.name),
        ]
        needles = canaries.needles(secrets)
        texts = {"the output": run.said.encode()}
        for place in (home / "state", home / "pulumi", *more):
            for file in canaries.files(place):
                if village.name in str(file) or "log" in file.name:
                    texts[str(file)] = _content(file)
        leaks = [f"a {form} in {w}" for w, text in texts.items() for form in canaries.unknown(text)]
        # Here others have secrets of their own.
        for place in (platformdirs.user_log_path("onboard"), Path("/dev/shm")):
            texts |= {str(file): _content(file) for file in canaries.files(place)}
        leaks += [
            f"{what} in {where}"
            for where, text in texts.items()
            for needle, what in needles.items()
            if needle in text
        ]
        assert leaks == [], "\n".join(["I8:", *leaks])


def _honest(run: Run) -> None:
    """I7: the exit code says partial when partial, and no more is claimed than was done."""
    done = run.done
    assert "Traceback" not in done.err, done.err
    assert "This is a bug" not in done.err, done.err
    names = [e.event for e in run.events]
    applied = [e for e in run.events if e.details.get("status") == "applied"]
    match done.code:
        case 0:
            assert "apply-ended" in names or not names, "I7: 0 without an end"
        case 6:
            # Where the journal could take no more, the run itself says how much it had done.
            told = "recorded as done" in done.err
            assert applied or told, f"I7: partial, and nothing was applied\n{done.err}"
        case 130:
            assert "again" in done.err, "I7: stopped without a word on how to go on"
        case other:
            assert other in (1, 2, 4, 5, 7), f"I7: exit code {other}\n{done.err}"
            assert not applied, f"I7: {other}, and {len(applied)} changes were\n{done.err}"


def _live(of: Mapping[str, Any]) -> dict[str, Any]:
    """Without this computer's own records, which say in each run what that run decided."""
    own = ("applied ", "files of the store")
    return {place: thing for place, thing in of.items() if not place.startswith(own)}


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
