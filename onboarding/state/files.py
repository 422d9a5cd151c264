"""The default state store: a folder per tenant on this computer.

Records are replaced in one step and flushed to disk, journals are appended and flushed, and
each carries a checksum: a torn last line of a journal is dropped, any other damage is an error.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from onboarding import errors, item
from onboarding.state import interface


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _item_to_json(of: item.Item) -> dict[str, Any]:
    ref = of.ref
    return {
        "ref": [ref.engine.value, ref.kind, ref.scope, ref.name],
        "fields": dict(of.fields),
        "owner": of.owner,
        "holdsData": of.holds_data,
    }


def _item_from_json(value: dict[str, Any]) -> item.Item:
    engine, kind, scope, name = value["ref"]
    ref = item.Ref(item.EngineName(engine), kind, scope, name)
    return item.Item(ref, value["fields"], value["owner"], value["holdsData"])


def _text(path: Path) -> str | None:
    """The text of a file, damaged characters marked; None where there is no such file."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
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


def _drop_torn_tail(handle: int) -> None:
    """Cut off a last record that a crash left without its end of line."""
    size = os.fstat(handle).st_size
    end = size
    while end > 0:
        start = max(0, end - 4096)
        block = os.pread(handle, end - start, start)
        newline = block.rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        os.ftruncate(handle, end)


class FileStore:
    """Implements ``interface.StateStore`` in ``root/tenants/<agency id>/``."""

    def __init__(self, root: Path) -> None:
        self._tenants = root / "tenants"

    def _folder(self, tenant_id: str) -> Path:
        folder = self._tenants / tenant_id
        with _told(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    @contextmanager
    def lease(self, tenant_id: str) -> Iterator[interface.Lease]:
        path = self._folder(tenant_id) / "lease"
        with _told(path):
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(handle, 200, 0).decode(errors="replace") or "another run"
                raise errors.Refused(
                    f"{tenant_id}: another run holds this agency",
                    details=[holder],
                    resolution="Wait until it ends, then run the command again.",
                ) from None
            since = datetime.now(UTC).isoformat(timespec="seconds")
            holder = f"pid {os.getpid()} on {os.uname().nodename} since {since}"
            with _told(path):
                os.ftruncate(handle, 0)
                os.pwrite(handle, holder.encode(), 0)
            yield interface.Lease(tenant_id, holder, 0, None)
        finally:
            os.close(handle)

    def check_lease(self, tenant_id: str) -> None:
        """The kernel holds the lock for as long as the process lives: nobody can take it over."""

    def applied(self, tenant_id: str) -> tuple[item.Item, ...]:
        path = self._tenants / tenant_id / "applied.json"
        try:
            with _told(path):
                text = _text(path)
            if text is None:
                return ()
            record = json.loads(text)
            body = item.canonical(record["items"])
            if _checksum(body) != record["sha256"]:
                raise ValueError("the checksum does not fit")
            return tuple(_item_from_json(i) for i in record["items"])
        except (ValueError, KeyError, TypeError) as damaged:
            raise errors.EngineFailed(
                f"the record of what was applied for {tenant_id} is damaged",
                details=[f"{path}: {damaged}"],
                resolution="Move the file away; the next plan rebuilds it from the live systems.",
            ) from damaged

    def keep_applied(self, tenant_id: str, items: Sequence[item.Item]) -> None:
        listed = [_item_to_json(i) for i in sorted(items, key=lambda i: i.ref)]
        record = {"sha256": _checksum(item.canonical(listed)), "items": listed}
        self._replace(tenant_id, "applied.json", json.dumps(record, ensure_ascii=False))

    def keep_manifest(self, tenant_id: str, text: str) -> None:
        self._replace(tenant_id, "manifest.yaml", text)

    def manifests(self) -> dict[str, str]:
        found = {t: self._tenants / t / "manifest.yaml" for t in self.tenants()}
        with _told(self._tenants):
            texts = {t: _text(path) for t, path in found.items()}
        return {t: text for t, text in texts.items() if text is not None}

    def keep(self, tenant_id: str, name: str, document: Mapping[str, Any]) -> None:
        record = {"sha256": _checksum(item.canonical(document)), "document": document}
        self._replace(tenant_id, f"{name}.document.json", json.dumps(record, ensure_ascii=False))

    def kept(self, tenant_id: str, name: str) -> dict[str, Any] | None:
        path = self._tenants / tenant_id / f"{name}.document.json"
        with _told(path):
            text = _text(path)
        if text is None:
            return None
        try:
            record = json.loads(text)
            document: dict[str, Any] = record["document"]
            if _checksum(item.canonical(document)) != record["sha256"]:
                raise ValueError("the checksum does not fit")
        except (ValueError, KeyError, TypeError) as damaged:
            raise errors.EngineFailed(
                f"a record of {tenant_id} is damaged",
                details=[f"{path}: {damaged}"],
                resolution="Keep the file for the auditors and move it away.",
            ) from damaged
        return document

    def kept_names(self, tenant_id: str) -> tuple[str, ...]:
        found = (self._tenants / tenant_id).glob("*.document.json")
        return tuple(sorted(p.name.removesuffix(".document.json") for p in found))

    def forget(self, tenant_id: str, name: str) -> None:
        folder = self._folder(tenant_id)
        with _told(folder):
            (folder / f"{name}.document.json").unlink(missing_ok=True)
            _flush_folder(folder)

    def _replace(self, tenant_id: str, name: str, text: str) -> None:
        """Put a file in place in one step, on disk when this returns."""
        folder = self._folder(tenant_id)
        with _told(folder):
            handle, new = tempfile.mkstemp(dir=folder)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as out:
                    out.write(text)
                    out.flush()
                    os.fsync(out.fileno())
                Path(new).replace(folder / name)
            except OSError:
                Path(new).unlink(missing_ok=True)
                raise
            _flush_folder(folder)

    def record(self, tenant_id: str, event: str, **details: Any) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        body = item.canonical({"at": at, "event": event, "details": details})
        path = self._folder(tenant_id) / "journal.jsonl"
        with _told(path):
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _drop_torn_tail(handle)
                _append(handle, f"{_checksum(body)} {body}\n".encode())
                os.fsync(handle)
            finally:
                os.close(handle)

    def journal(self, tenant_id: str) -> tuple[interface.Entry, ...]:
        path = self._tenants / tenant_id / "journal.jsonl"
        with _told(path):
            text = _text(path)
        if text is None:
            return ()
        lines = text.rstrip("\n").split("\n")
        entries: list[interface.Entry] = []
        for number, line in enumerate(lines, 1):
            checksum, _, body = line.partition(" ")
            if _checksum(body) == checksum:
                entries.append(interface.Entry(**json.loads(body)))
            elif number < len(lines):
                raise errors.EngineFailed(
                    f"the journal of {tenant_id} is damaged",
                    details=[f"{path}:{number}: the checksum does not fit"],
                    resolution="Keep the file for the auditors and move it away.",
                )
        return tuple(entries)

    def tenants(self) -> tuple[str, ...]:
        with _told(self._tenants):
            if not self._tenants.is_dir():
                return ()
            return tuple(sorted(p.name for p in self._tenants.iterdir() if p.is_dir()))
