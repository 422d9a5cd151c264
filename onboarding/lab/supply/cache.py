"""The cache of engines: its folders, its locks, its space, and how a thing appears in it whole.

Under the user's cache folder of onboard:

``engines/<name>-<version>-<digest>/``  the engine and ``supplied.json``
``engines/.work/``                      unfinished work, of a lock's holder only
``engines/.locks/``                     one lock per engine
``go/build``, ``go/mod``                Go's own caches, unless the user has set GOCACHE, GOMODCACHE
``logs/``                               the full output of every build
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import platformdirs

from onboarding import errors

_POLL_SECONDS = 0.5
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_MIB = 1024 * 1024


class Thing(Protocol):
    """What the cache keeps: an engine, or an image. ``folder`` names all that it was made of."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def folder(self) -> str: ...

    def product(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Supplied:
    """How an engine came into the cache; times in seconds."""

    source: str
    seconds: float
    cpu_seconds: float
    at: str


def root() -> Path:
    """The cache folder of onboard for this user."""
    return platformdirs.user_cache_path("onboard")


def place(wanted: Thing) -> Path:
    return root() / "engines" / wanted.folder()


def log_file(wanted: Thing) -> Path:
    return root() / "logs" / f"{wanted.name}-{wanted.version}.log"


def go_folders() -> dict[str, str]:
    """GOCACHE and GOMODCACHE: the user's where set in the environment, else folders of our own."""
    own = {"GOCACHE": root() / "go" / "build", "GOMODCACHE": root() / "go" / "mod"}
    return {name: os.environ.get(name) or str(folder) for name, folder in own.items()}


def held(wanted: Thing) -> Path | None:
    """The engine's file or folder, None where the cache does not hold it."""
    product = place(wanted) / wanted.product()
    return product if product.exists() else None


def supplied(wanted: Thing) -> Supplied | None:
    """How it came here, None where the cache does not hold it."""
    try:
        raw = json.loads((place(wanted) / "supplied.json").read_text(encoding="utf-8"))
        return Supplied(**raw)
    except (OSError, ValueError, TypeError):
        return None


@contextmanager
def locked(wanted: Thing, stop: threading.Event, waiting: Callable[[str], None]) -> Iterator[None]:
    """Holds the engine's lock; ``waiting`` is told once for whom. Safe against other processes.

    Raises ``errors.Interrupted`` when ``stop`` is set before the lock is had.
    """
    folder = root() / "engines" / ".locks"
    with space_errors(wanted.name):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / wanted.folder(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        told = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not told:
                    holder = os.pread(handle, 100, 0).decode(errors="replace").strip()
                    waiting(f"waiting for process {holder or '?'}, which supplies {wanted.name}")
                    told = True
                if stop.wait(_POLL_SECONDS):
                    raise errors.Interrupted(f"stopped waiting for {wanted.name}") from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


@contextmanager
def work_folder(wanted: Thing) -> Iterator[Path]:
    """An empty folder on the cache's file system, removed at the end; needs the engine's lock.

    What earlier holders left (killed, power cut) is removed first, other things' as well: of a
    recipe that has changed since, nobody else would.
    """
    base = root() / "engines" / ".work"
    with space_errors(wanted.name):
        base.mkdir(parents=True, exist_ok=True)
        for left in base.glob(f"{wanted.folder()}.*"):
            shutil.rmtree(left, ignore_errors=True)
        _clear_others(base)
        folder = Path(tempfile.mkdtemp(prefix=f"{wanted.folder()}.", dir=base))
    try:
        with space_errors(wanted.name):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear_others(base: Path) -> None:
    """Remove work whose lock nobody holds."""
    for left in base.iterdir():
        lock = root() / "engines" / ".locks" / left.name.rpartition(".")[0]
        if not lock.is_file():
            continue
        with lock.open("rb") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(left, ignore_errors=True)


def install(wanted: Thing, made: Path, source: str, seconds: float, cpu: float) -> Path:
    """Moves the folder ``made`` to its place in one step; returns the product's path there."""
    note = Supplied(
        source, round(seconds, 1), round(cpu, 1), datetime.now(UTC).isoformat("T", "seconds")
    )
    (made / "supplied.json").write_text(json.dumps(asdict(note)) + "\n", encoding="utf-8")
    target = place(wanted)
    if target.exists():
        shutil.rmtree(target)
    made.chmod(0o755)
    made.rename(target)
    return target / wanted.product()


@contextmanager
def space_errors(name: str) -> Iterator[None]:
    """Turns a full disk, while ``name`` is being written, into an error with a remedy."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise full(name) from error
        raise


def full(name: str) -> errors.EngineFailed:
    """The error of a full disk."""
    return errors.EngineFailed(
        f"the disk is full: {name} could not be supplied",
        details=[f"cache folder: {root()}", "nothing half-written was left"],
        resolution=_remedy(),
    )


def require_space_to_build(needed_mib: int) -> None:
    """As ``require_space`` on the disks of Go's caches; what they hold already counts as done."""
    for folder in {Path(given) for given in go_folders().values()}:
        if free(folder) < needed_mib * _MIB:
            done = sum(_size(Path(given)) for given in set(go_folders().values()))
            require_space(needed_mib - done // _MIB, folder)


def require_space(needed_mib: int, folder: Path) -> None:
    """Refuses before the work begins where the disk cannot hold it: ``errors.EngineFailed``."""
    left = free(folder)
    missing = needed_mib * _MIB - left
    if missing <= 0:
        return
    raise errors.EngineFailed(
        "not enough space on the disk for the engines",
        details=[
            f"{folder}: {left // _MIB} MiB free",
            f"about {missing // _MIB} MiB more are needed",
        ],
        resolution=_remedy(),
    )


def free(folder: Path) -> int:
    """Bytes that this user may still write on the disk where ``folder`` lies or will lie."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def trim() -> int:
    """Removes what only a rebuild needs: our own Go caches and leftovers. Bytes freed.

    Caches that the user has set for Go are left alone. Raises ``errors.UsageError`` while another
    process supplies engines.
    """
    own = [root() / "go", root() / "engines" / ".work"]
    with ExitStack() as handles:
        for file in (root() / "engines" / ".locks").glob("*"):
            handle = handles.enter_context(file.open("rb"))
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise errors.UsageError(
                    f"process {handle.read().decode(errors='replace')} is supplying {file.name}",
                    resolution="Wait until it has ended, then run the same command again.",
                ) from None
        freed = sum(_size(folder) for folder in own)
        for folder in own:
            shutil.rmtree(folder, ignore_errors=True)
    return freed


def _remedy() -> str:
    return (
        f"Free some space, or set XDG_CACHE_HOME (now {root().parent}) to a larger disk"
        ", then run the same command again: what is done is kept."
    )


def _size(folder: Path) -> int:
    total = 0
    for base, _, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(base) / name).lstat().st_blocks * 512
            except OSError:
                continue
    return total
