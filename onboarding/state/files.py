"""A state store in a folder: on this computer, or shared between several.

``tenants/<agency id>/journal.jsonl``, ``documents/<stored name>.json``, ``lease`` (its lock: the
kernel gives it back with the process) and ``lease.<number>.json``, each made by a hard link,
which exactly one of several can make, on a shared folder too (link(2), also over NFS).
"""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from onboarding import errors
from onboarding.state import last_line, leases, storage, store

_JOURNAL = "journal.jsonl"
_DOCUMENTS = "documents"
_NEW = ".new-"


class FileStore(store.Store):
    """A store in the folder ``root``."""

    def __init__(self, root: Path, *, lease_seconds: float = leases.SECONDS) -> None:
        super().__init__(Folder(root), lease_seconds=lease_seconds)


class Folder:
    """Implements ``storage.Storage``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._tenants = root / "tenants"

    @property
    def where(self) -> str:
        return str(self.root)

    def tenants(self) -> tuple[str, ...]:
        with _told(self._tenants):
            if not self._tenants.is_dir():
                return ()
            return tuple(sorted(p.name for p in self._tenants.iterdir() if p.is_dir()))

    @contextmanager
    def guard(self, tenant_id: str) -> Iterator[bool]:
        path = self._folder(tenant_id) / "lease"
        with _told(path):
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(handle)

    def lines(self, tenant_id: str) -> list[bytes]:
        raw = self._read(self._tenants / tenant_id / _JOURNAL)
        return [] if raw is None else raw.split(b"\n")[:-1]

    def append(self, tenant_id: str, after: int, seq: int, line: bytes) -> bool:
        path = self._folder(tenant_id) / _JOURNAL
        with _told(path):
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                last_line.drop_torn(handle)
                if last_line.number(handle) != after:
                    return False
                _append(handle, line + b"\n")
                os.fsync(handle)
            finally:
                os.close(handle)
        return True

    def names(self, tenant_id: str) -> tuple[str, ...]:
        folder = self._tenants / tenant_id / _DOCUMENTS
        with _told(folder):
            return tuple(sorted(p.name.removesuffix(".json") for p in folder.glob("*@*.json")))

    def get(self, tenant_id: str, name: str) -> bytes | None:
        return self._read(self._document(tenant_id, name))

    def put(self, tenant_id: str, name: str, content: bytes) -> None:
        self._folder(tenant_id)
        path = self._document(tenant_id, name)
        with _told(path):
            path.parent.mkdir(exist_ok=True, mode=0o700)
            with _written(path.parent, content) as new:
                new.replace(path)
            _flush_folder(path.parent)

    def remove(self, tenant_id: str, name: str) -> None:
        path = self._document(tenant_id, name)
        with _told(path):
            path.unlink(missing_ok=True)

    def bulk(self, prefix: str) -> Mapping[str, Mapping[str, bytes]]:
        found: dict[str, dict[str, bytes]] = {}
        with _told(self._tenants):
            for path in self._tenants.glob(f"*/{_DOCUMENTS}/{prefix}*.json"):
                raw = self._read(path)
                if raw is not None:
                    tenant_id = path.parent.parent.name
                    found.setdefault(tenant_id, {})[path.name.removesuffix(".json")] = raw
        return found

    def lease(self, tenant_id: str) -> storage.Held | None:
        for _ in range(10):  # it may be replaced between the listing and the reading
            path = self._lease(tenant_id)
            if path is None:
                return None
            raw = self._read(path)
            if raw is not None:
                with _told(path), suppress(FileNotFoundError):
                    age = time.time() - path.stat().st_mtime
                    return storage.Held(raw, path.name.split(".")[1], age)
        raise errors.EngineFailed(
            f"the lease of {tenant_id} changes faster than it can be read",
            resolution="Run the command again.",
        )

    def swap_lease(self, tenant_id: str, content: bytes, version: str) -> str | None:
        folder = self._folder(tenant_id)
        now = self._lease(tenant_id)
        if (now.name.split(".")[1] if now else "") != version:
            return None
        number = str(int(version or "0") + 1)
        with _told(folder), _written(folder, content) as new:
            try:
                os.link(new, folder / f"lease.{number}.json")
            except FileExistsError:
                return None
            mine = folder / f"lease.{number}.json"
            found = self._leases(tenant_id)
            if found[-1:] != [mine]:
                # Others were so quick that our number had been used and removed already.
                mine.unlink(missing_ok=True)
                return None
            # More than one where a process was killed right here.
            for passed in found[:-1]:
                passed.unlink(missing_ok=True)
            _flush_folder(folder)
        return number

    def set_aside(self, tenant_id: str, label: str) -> str:
        target = self.root / "set-aside" / f"{tenant_id}-{label}"
        with _told(target):
            target.parent.mkdir(exist_ok=True, mode=0o700)
            (self._tenants / tenant_id).rename(target)
            _flush_folder(self._tenants)
        return str(target)

    def old(self, tenant_id: str, name: str) -> bytes | None:
        return self._read(self._tenants / tenant_id / name)

    def forget_old(self, tenant_id: str, name: str) -> None:
        path = self._tenants / tenant_id / name
        with _told(path):
            path.unlink(missing_ok=True)

    def _document(self, tenant_id: str, name: str) -> Path:
        return self._tenants / tenant_id / _DOCUMENTS / f"{name}.json"

    def _lease(self, tenant_id: str) -> Path | None:
        return next(reversed(self._leases(tenant_id)), None)

    def _leases(self, tenant_id: str) -> list[Path]:
        folder = self._tenants / tenant_id
        with _told(folder):
            found = [p for p in folder.glob("lease.*.json") if p.name.split(".")[1].isdigit()]
        return sorted(found, key=lambda p: int(p.name.split(".")[1]))

    def _folder(self, tenant_id: str) -> Path:
        folder = self._tenants / tenant_id
        with _told(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def _read(self, path: Path) -> bytes | None:
        with _told(path):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Tell why the store cannot be used, whatever it was that the file system refused."""
    try:
        yield
    except OSError as refused:
        raise errors.EngineFailed(
            "the state store cannot be used",
            details=[f"{refused.filename or folder}: {refused.strerror}"],
            resolution="Make room, or give the folder back to the user who runs onboard; it is "
            "state.store in the environment file. Then run the same command again: it goes on.",
        ) from refused


def _append(handle: int, line: bytes) -> None:
    """Append a whole record; on a full disk the kernel may take only the beginning of one."""
    if os.write(handle, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def _written(folder: Path, content: bytes) -> Iterator[Path]:
    """A new file of that content, on disk, gone at the end unless it was given another name."""
    for left in folder.glob(f"{_NEW}*"):
        _unlink_if_left(left)
    handle, name = tempfile.mkstemp(dir=folder, prefix=f"{_NEW}{os.getpid()}-")
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        yield new
    finally:
        new.unlink(missing_ok=True)


def _unlink_if_left(new: Path) -> None:
    """Remove the half-made file of a process that is no more."""
    process = new.name.removeprefix(_NEW).partition("-")[0]
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        new.unlink(missing_ok=True)
    except PermissionError:
        return


class Objects:
    """Implements ``storage.Objects``: files below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, start: str) -> Sequence[str]:
        folder = self._root / start.rpartition("/")[0]
        with _told(folder):
            found = (str(p.relative_to(self._root)) for p in folder.rglob("*") if p.is_file())
            return sorted(name for name in found if name.startswith(start))

    def read(self, name: str) -> bytes | None:
        path = self._root / name
        with _told(path):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None

    def delete(self, name: str) -> None:
        with _told(self._root / name):
            (self._root / name).unlink(missing_ok=True)
