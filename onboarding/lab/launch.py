"""Starting components side by side, each as soon as what it needs is ready."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from onboarding import errors, progress
from onboarding.lab import component, process, roster
from onboarding.lab import home as homes
from onboarding.lab import state as states

_POLL_SECONDS = 0.1
_GRACE_SECONDS = 30.0
"""How long a running component that fits may stay unready before it is restarted.

The API server waits ever longer between its tries to reach an etcd that was gone: over ten
seconds after a quarter of a minute.
"""


@dataclass(frozen=True, slots=True)
class Ready:
    """How a component became ready: ``started`` is False where it was already running."""

    name: str
    started: bool
    seconds: float


class Ledger:
    """The state of a lab, changed by several threads and saved at each change."""

    def __init__(self, home: homes.Home, state: states.State) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._state = state

    @property
    def state(self) -> states.State:
        with self._lock:
            return self._state

    def record(self, name: str, started: states.Started | None) -> None:
        """Remember a process, or (None) that there is none any more."""
        with self._lock:
            known = self._state
            self._state = (
                known.with_process(name, started) if started else known.without_process(name)
            )
            states.save(self._home, self._state)

    def change(self, how: Callable[[states.State], states.State]) -> None:
        with self._lock:
            self._state = how(self._state)
            states.save(self._home, self._state)


class _Launch:
    """One run: the threads, who is ready, and whether the user gave up."""

    def __init__(self, lab: component.Lab, ledger: Ledger) -> None:
        self.lab = lab
        self.ledger = ledger
        self.news: queue.Queue[Ready | errors.OnboardError] = queue.Queue()
        self.ended: dict[str, threading.Event] = {}
        self.ready: set[str] = set()
        self.cancelled = threading.Event()

    def run(self, part: component.Component) -> None:
        """Body of one thread; its news is a Ready or the error, always exactly one."""
        begun = time.monotonic()
        try:
            started = self._bring_up(part)
            self.ready.add(part.name)
            self.news.put(Ready(part.name, started, time.monotonic() - begun))
        except errors.OnboardError as error:
            self.news.put(error)
        except Exception as error:  # noqa: BLE001 - a silent thread would leave us waiting
            self.news.put(
                errors.EngineFailed(
                    f"{part.name} could not be started",
                    details=[f"{type(error).__name__}: {error}"],
                    resolution="Run: onboard lab doctor",
                )
            )
        finally:
            self.ended[part.name].set()

    def _bring_up(self, part: component.Component) -> bool:
        if part.prepare:
            part.prepare(self.lab)
        self._wait_for_others(part)
        started = self._keep_or_start(part)
        if part.settle:
            part.settle(self.lab)
        return started

    def _wait_for_others(self, part: component.Component) -> None:
        for name in part.after:
            self.ended[name].wait()
            if name not in self.ready:
                raise errors.EngineFailed(f"{part.name} was not started: {name} is not ready")

    def _keep_or_start(self, part: component.Component) -> bool:
        """Keep a process that runs as described; True where one had to be started."""
        for path, text in part.files.items():
            homes.write(path, text)
        digest = part.digest()
        running = self.ledger.state.started.get(part.name)
        if running and process.alive(running.mark):
            if running.digest == digest and self._becomes_ready(part, running.mark):
                return False
            process.stop(running.mark, roster.STOP_SECONDS[part.name])
        self._start(part, digest)
        return True

    def _becomes_ready(self, part: component.Component, mark: process.Mark) -> bool:
        patience = max(_GRACE_SECONDS, part.start_seconds - process.uptime(mark))
        return not self._wait(part, mark, patience)

    def _start(self, part: component.Component, digest: str) -> None:
        if part.clear:
            part.clear(self.lab)
        log = self.lab.home.logs / f"{part.name}.log"
        mark = process.start(
            part.argv,
            environ={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **part.environ},
            folder=self.lab.home.root,
            log=log,
            label=label(self.lab.home, part.name),
        )
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self.ledger.record(part.name, states.Started(mark, digest, at))
        why = self._wait(part, mark, part.start_seconds)
        if why:
            raise errors.EngineFailed(
                f"{part.name} did not become ready",
                details=[why, *process.tail(log, 12), f"log: {log}"],
                resolution=f"Run: onboard lab doctor --name {self.lab.home.name}",
            )

    def _wait(self, part: component.Component, mark: process.Mark, seconds: float) -> str:
        """Why it is not ready after ``seconds``; "" as soon as it is."""
        deadline = time.monotonic() + seconds
        while True:
            if not process.alive(mark):
                return "the process ended"
            why = probe(part, self.lab)
            if not why:
                return ""
            if self.cancelled.is_set():
                raise errors.Interrupted(f"waiting for {part.name} was interrupted")
            if time.monotonic() > deadline:
                return f"not ready after {seconds:.0f} s: {why}"
            time.sleep(_POLL_SECONDS)


def probe(part: component.Component, lab: component.Lab) -> str:
    """Why a component is not ready; "" where it is. No error leaves it."""
    try:
        return part.ready(lab)
    except errors.OnboardError as error:
        return "; ".join(error.details) or error.message


def label(home: homes.Home, name: str) -> str:
    return f"{home.root}:{name}"


def launch(
    lab: component.Lab,
    parts: Sequence[component.Component],
    ledger: Ledger,
    report: progress.Progress,
) -> tuple[Ready, ...]:
    """Bring every component up; returns when all are ready.

    Raises ``errors.EngineFailed`` with every failure once all others have come to an end, and
    ``errors.Interrupted`` on Ctrl-C; what was started by then keeps running and is recorded.
    """
    run = _Launch(lab, ledger)
    run.ended = {part.name: threading.Event() for part in parts}
    threads = [threading.Thread(target=run.run, args=(part,), daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    try:
        news = [_announce(run.news.get(), report) for _ in parts]
    except KeyboardInterrupt:
        run.cancelled.set()
        deadline = time.monotonic() + _POLL_SECONDS * 30
        for thread in threads:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))
        raise errors.Interrupted(
            "the start of the lab was interrupted",
            details=[f"ready: {', '.join(sorted(run.ready)) or 'nothing yet'}"],
            resolution="Run onboard lab up to continue, or onboard lab down to stop it.",
        ) from None
    failures = [entry for entry in news if isinstance(entry, errors.OnboardError)]
    if failures:
        raise _summary(lab, failures)
    return tuple(entry for entry in news if isinstance(entry, Ready))


def _announce(
    entry: Ready | errors.OnboardError, report: progress.Progress
) -> Ready | errors.OnboardError:
    if isinstance(entry, Ready):
        how = f"ready after {entry.seconds:.1f} s" if entry.started else "was already running"
        report.note(f"{entry.name}: {how}")
    else:
        report.note(entry.message)
    return entry


def _summary(lab: component.Lab, failures: Sequence[errors.OnboardError]) -> errors.EngineFailed:
    details = [line for one in failures for line in (one.message, *(f"  {d}" for d in one.details))]
    return errors.EngineFailed(
        f"the lab {lab.home.name!r} is not complete",
        details=details,
        resolution=failures[0].resolution or f"Run: onboard lab doctor --name {lab.home.name}",
    )
