"""One engine after another, each from the first source that can supply it, beside other lanes."""

from __future__ import annotations

import queue
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from onboarding import errors
from onboarding.lab.supply import build, cache, engine, installed, maven, release


class Kind(Enum):
    """What an event tells."""

    BEGUN = auto()
    NOTE = auto()
    READY = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Event:
    """News of one engine; ``path`` when it is ready, ``error`` when it failed."""

    kind: Kind
    name: str
    text: str = ""
    path: Path | None = None
    error: BaseException | None = None


@dataclass(slots=True)
class Shared:
    """What the lanes of one run have in common."""

    table: Mapping[str, engine.Engine]
    news: queue.SimpleQueue[Event]
    stop: threading.Event
    hosts: release.Hosts
    builds_left: list[engine.Engine]
    prefetch: list[threading.Thread]


def run(work: Sequence[engine.Engine], shared: Shared) -> None:
    """Supplies ``work`` in order and posts what happens; ends at the first failure."""
    for one in work:
        if shared.stop.is_set():
            return
        shared.news.put(Event(Kind.BEGUN, one.name))
        try:
            path = supply(one, shared)
        except Exception as error:  # noqa: BLE001 - posted to the thread that waits
            shared.news.put(Event(Kind.FAILED, one.name, error=_translated(one, error)))
            return
        finally:
            if one in shared.builds_left:
                shared.builds_left.remove(one)
        shared.news.put(Event(Kind.READY, one.name, path=path))


def supply(wanted: engine.Engine, shared: Shared) -> Path:
    """The engine's path, supplied under its lock unless another process was faster."""

    def note(text: str) -> None:
        shared.news.put(Event(Kind.NOTE, wanted.name, text))

    with cache.locked(wanted, shared.stop, note):
        held = cache.held(wanted)
        if held is not None:
            return held
        begun = time.monotonic()
        with cache.work_folder(wanted) as folder:
            made = folder / "made"
            made.mkdir()
            log = cache.log_file(wanted)
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_bytes(b"")
            source, cpu = _make(wanted, made, shared, note)
            _check(wanted, made)
            return cache.install(wanted, made, source, time.monotonic() - begun, cpu)


def _make(
    wanted: engine.Engine, folder: Path, shared: Shared, note: Callable[[str], None]
) -> tuple[str, float]:
    try:
        release.fetch(wanted, folder, shared.hosts, shared.stop, note)
        return "release", 0.0
    except release.NotHadError as error:
        reason = str(error)
        note(f"official release: {reason}")
        shutil.rmtree(folder)
        folder.mkdir()
    compiler = shared.table["go"]
    if wanted.build is not None:
        cache.require_space_to_build(sum(one.space for one in shared.builds_left))
        _prefetch_others(wanted, compiler, shared)
        used = build.build(wanted, wanted.build, compiler, folder, shared.stop, note)
        return "built", used
    if wanted.artifact is not None:
        cache.require_space(wanted.space, cache.root())
        return "maven", maven.fetch(wanted, wanted.artifact, folder, shared.stop, note)
    raise errors.EngineFailed(
        f"{wanted.name} {wanted.version} is not here and cannot be downloaded: {reason}",
        resolution=f"Run: {build.EXTRAS}   (or put a fitting {wanted.name} on PATH)",
    )


def _prefetch_others(wanted: engine.Engine, compiler: engine.Engine, shared: Shared) -> None:
    later = [one for one in shared.builds_left if one is not wanted]
    if shared.prefetch or not later:
        return
    thread = threading.Thread(
        target=build.prefetch, args=(later, compiler, shared.stop), daemon=True
    )
    shared.prefetch.append(thread)
    thread.start()


def _check(wanted: engine.Engine, folder: Path) -> None:
    product = folder / wanted.product()
    if wanted.command is not None and not installed.fits(wanted, product):
        told = installed.reported(wanted, product)
        raise errors.EngineFailed(
            f"{wanted.name}: what was supplied reports version {told}, not {wanted.version}",
            details=[f"full log: {cache.log_file(wanted)}"],
        )


def _translated(wanted: engine.Engine, error: BaseException) -> BaseException:
    if isinstance(error, errors.OnboardError):
        return error
    failed = errors.EngineFailed(
        f"{wanted.name} could not be supplied: {error}",
        details=[f"cache: {cache.root()}", f"log: {cache.log_file(wanted)}"],
    )
    failed.__cause__ = error
    return failed
