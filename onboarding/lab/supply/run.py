"""All wanted engines, those that a lab starts first before the others, with progress."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from onboarding import errors, progress
from onboarding.lab.supply import cache, engine, estimate, installed, lane, release

_TICK_SECONDS = 15.0
_STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Status:
    """``state``: ready or missing. ``source``: path, package, release, built, maven; when missing,
    how it would come. Times in seconds of its making, 0 where it was found."""

    name: str
    version: str
    source: str
    path: Path | None
    state: str
    seconds: float
    cpu_seconds: float


def ensure(
    wanted: Sequence[str],
    report: progress.Progress,
    table: Mapping[str, engine.Engine] | None = None,
) -> Mapping[str, Path]:
    """Every wanted engine, ready to be run; supplies what is missing.

    ``table`` stands in for the engines of ``engines.yaml``.

    Raises ``errors.UsageError`` for an unknown name, ``errors.EngineFailed`` with the step that
    failed and its log, ``errors.Interrupted`` after Ctrl-C; what was done is kept.
    """
    with closing(ensure_each(wanted, report, table)) as each:
        return dict(each)


def ensure_each(
    wanted: Sequence[str],
    report: progress.Progress,
    table: Mapping[str, engine.Engine] | None = None,
) -> Generator[tuple[str, Path], None, None]:
    """As ``ensure``, each engine as soon as it is ready, while the others are still being made.

    Use it within ``contextlib.closing``: leaving early stops what is under way.
    """
    known = engine.load() if table is None else table
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise errors.UsageError(
            f"unknown engine: {', '.join(unknown)}", details=[f"known: {', '.join(known)}"]
        )
    return _each([one for name, one in known.items() if name in wanted], known, report)


def status(names: Sequence[str] = ()) -> list[Status]:
    """What is there of the named engines (all without names), in the order a lab needs them."""
    return [_status(one) for name, one in engine.load().items() if not names or name in names]


def _status(one: engine.Engine) -> Status:
    found = installed.find(one)
    if found is not None:
        return Status(one.name, _version(one, found[1]), found[0], found[1], "ready", 0.0, 0.0)
    held, how = cache.held(one), cache.supplied(one)
    if held is not None and how is not None:
        return Status(
            one.name, one.version, how.source, held, "ready", how.seconds, how.cpu_seconds
        )
    ways = {"release": one.release, "build": one.build, "maven": one.artifact}
    possible = " or ".join(way for way, given in ways.items() if given is not None)
    return Status(one.name, one.version, possible or "package", None, "missing", 0.0, 0.0)


def _version(one: engine.Engine, file: Path) -> str:
    return str(installed.reported(one, file) or one.version)


def _each(
    wanted: Sequence[engine.Engine], table: Mapping[str, engine.Engine], report: progress.Progress
) -> Generator[tuple[str, Path], None, None]:
    missing: list[engine.Engine] = []
    for one in wanted:
        found = installed.find(one)
        path = found[1] if found is not None else cache.held(one)
        if path is None:
            missing.append(one)
        else:
            yield one.name, path
    if missing:
        yield from _supply(missing, table, report)


def _supply(
    missing: Sequence[engine.Engine], table: Mapping[str, engine.Engine], report: progress.Progress
) -> Generator[tuple[str, Path], None, None]:
    shared = lane.Shared(
        table=table,
        news=queue.SimpleQueue(),
        stop=threading.Event(),
        hosts=release.Hosts(),
        builds_left=[one for one in missing if one.build is not None],
        prefetch=[],
    )
    downloads = [one for one in missing if one.build is None]
    threads = [
        threading.Thread(target=lane.run, args=(work, shared), daemon=True)
        for work in (downloads, list(shared.builds_left))
        if work
    ]
    known = estimate.Estimate(
        {one.name: one.weight for one in missing}, len(os.sched_getaffinity(0))
    )
    try:
        for thread in threads:
            thread.start()
        with report.step(f"engines: {len(missing)} to supply"):
            yield from _follow({one.name: one for one in missing}, shared, known, report)
    except KeyboardInterrupt:
        raise errors.Interrupted(
            "interrupted while supplying the engines",
            resolution="Run the same command again: what is finished or compiled is kept.",
        ) from None
    finally:
        shared.stop.set()
        for thread in [*threads, *shared.prefetch]:
            thread.join(_STOP_SECONDS)


def _follow(
    missing: Mapping[str, engine.Engine],
    shared: lane.Shared,
    known: estimate.Estimate,
    report: progress.Progress,
) -> Generator[tuple[str, Path], None, None]:
    """Turns the lanes' news into progress, in the caller's thread, and hands out what is ready.

    Only the lane of builds opens steps, so that steps nest as ``Progress`` asks.
    """
    left = set(missing)
    with ExitStack() as steps:
        while left:
            try:
                news = shared.news.get(timeout=_TICK_SECONDS)
            except queue.Empty:
                report.note(_outlook(known))
                continue
            one = missing[news.name]
            now = time.monotonic()
            match news.kind:
                case lane.Kind.BEGUN:
                    known.begin(news.name, now)
                    if one.build is not None:
                        steps.enter_context(report.step(f"{one.name} {one.version}"))
                    report.note(f"{one.name}: {_outlook(known)}")
                case lane.Kind.NOTE:
                    report.note(f"{one.name}: {news.text}")
                case lane.Kind.READY if news.path is not None:
                    known.finish(news.name, now)
                    left.discard(news.name)
                    if one.build is not None:
                        steps.close()
                    report.note(f"{one.name} {one.version} is ready ({_outlook(known)})")
                    yield news.name, news.path
                case _:
                    raise news.error or errors.EngineFailed(f"{news.name} could not be supplied")


def _outlook(known: estimate.Estimate) -> str:
    now = time.monotonic()
    if known.percent(now) >= 100:
        return "100 %"
    return f"{known.percent(now)} %, {estimate.spoken(known.seconds_left(now))} left"
