"""The state store: journal, documents and leases, in whatever place keeps their bytes.

Every writing is a record of the journal, whose next number only one run can have. So a run that
was taken over is refused by the journal itself, even between a check of its lease and the write.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from onboarding import errors, item
from onboarding.state import chain, document, interface, leases, owner, storage

_ATTEMPTS = 50
"""How often a record is tried anew while others append to the same journal."""
_LOOKS, _LOOK_SECONDS = 20, 0.1
"""How often and in which intervals the lease of a run is looked for that holds the lock."""
_MOST_REMEMBERED = 64
"""Journals kept as checked: one is read again and again, and 8,000 of them fill a gigabyte."""


class Store:
    """Implements ``interface.StateStore`` over a place."""

    def __init__(self, place: storage.Storage, *, lease_seconds: float = leases.SECONDS) -> None:
        self.place = place
        self._seconds = lease_seconds
        self._mine: dict[str, leases.Mine] = {}
        self._heads: dict[str, chain.Head] = {}
        self._checked: dict[str, tuple[list[bytes], chain.Chain]] = {}
        """Journals as they were last read, so that the same lines are not checked twice."""

    # Leases

    @contextmanager
    def lease(self, tenant_id: str) -> Iterator[interface.Lease]:
        with self.place.guard(tenant_id) as alone:
            if not alone:
                raise self._busy(tenant_id)
            records = self._whole(tenant_id)
            fence = max((e.fence for e in records.entries), default=0)
            mine = leases.take(self.place, tenant_id, self._seconds, fence)
            self._mine[tenant_id] = mine
            try:
                if mine.taken_from is not None:
                    before = mine.taken_from
                    told = {"holder": before.owner, "since": before.since}
                    host = before.mark.get("host", "")
                    self.record(tenant_id, leases.STALE, **told, host=host)
                mine.begin()
                yield mine.shown()
            finally:
                del self._mine[tenant_id]
                mine.release(self._heads.get(tenant_id, mine.written.head))

    def _busy(self, tenant_id: str) -> errors.Refused:
        # The other run locks first and writes its lease then: until that an older one is there.
        for _ in range(_LOOKS):
            seen = leases.look(self.place, tenant_id)
            if seen is not None and seen.held:
                return leases.refused(tenant_id, seen.written, seen.ends)
            time.sleep(_LOOK_SECONDS)
        return errors.Refused(
            f"{tenant_id}: another run holds this agency",
            resolution="Wait until it ends, then run the command again.",
        )

    def holder(self, tenant_id: str) -> interface.Lease | None:
        """Who holds a tenant now; None where nobody does."""
        seen = leases.look(self.place, tenant_id)
        if seen is None or not seen.held:
            return None
        return interface.Lease(tenant_id, seen.written.owner, seen.written.fence, seen.ends)

    def check_lease(self, tenant_id: str) -> None:
        mine = self._mine.get(tenant_id)
        if mine is None:
            raise errors.LeaseLost(
                f"{tenant_id}: this run does not hold the agency", resolution="Run it again."
            )
        mine.check()

    # Journal

    def record(self, tenant_id: str, event: str, **details: Any) -> None:
        self._append(tenant_id, event, details)

    def journal(self, tenant_id: str) -> tuple[interface.Entry, ...]:
        entries = self._whole(tenant_id).entries
        return tuple(e for e in entries if e.event not in document.INTERNAL)

    def records(self, tenant_id: str) -> chain.Chain:
        """The journal as far as it is whole, and what is wrong after that."""
        # The lease first: others may append, but nothing it remembers may be missing.
        held = self.place.lease(tenant_id)
        lines = self.place.lines(tenant_id)
        before, found = self._checked.get(tenant_id, (None, chain.Chain()))
        if lines != before:
            found = chain.read(lines, tenant_id)
            self._checked[tenant_id] = lines, found
            while len(self._checked) > _MOST_REMEMBERED:
                del self._checked[next(iter(self._checked))]
        if found.damage or held is None:
            return found
        known = leases.opened(held.content, tenant_id).head
        return replace(found, damage=found.lacks(known))

    def _whole(self, tenant_id: str) -> chain.Chain:
        found = self.records(tenant_id)
        if found.damage:
            raise errors.EngineFailed(
                f"the journal of {tenant_id} is damaged",
                details=[f"{self.place.where}: {found.damage}"],
                resolution="Look: onboard state verify    "
                f"Then mend it: onboard state repair {tenant_id}",
            )
        self._heads[tenant_id] = found.head
        return found

    def _append(
        self, tenant_id: str, event: str, details: Mapping[str, Any], *, seq: int = 0
    ) -> int | None:
        """The number that the record got; with ``seq`` exactly that one, or None.

        Raises ``errors.LeaseLost`` where this run had the tenant and has it no more.
        """
        mine = self._mine.get(tenant_id)
        for _ in range(_ATTEMPTS):
            head = self._heads.get(tenant_id) or self._whole(tenant_id).head
            if seq and head.seq + 1 != seq:
                return None
            line, made = chain.line(
                head, tenant_id, self._entry(head.seq + 1, event, details, mine)
            )
            if self.place.append(tenant_id, head.seq, made.seq, line):
                self._heads[tenant_id] = made
                if mine is None:
                    self._remember(tenant_id, made)
                return made.seq
            if mine is not None:
                mine.check()
            del self._heads[tenant_id]
        raise errors.EngineFailed(
            f"the journal of {tenant_id} is written by others without a pause",
            resolution="Run the command again.",
        )

    def _entry(
        self, seq: int, event: str, details: Mapping[str, Any], mine: leases.Mine | None
    ) -> interface.Entry:
        return interface.Entry(
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            event,
            dict(details),
            seq=seq,
            fence=mine.written.fence if mine else 0,
            by=mine.written.owner if mine else owner.words(),
        )

    def _remember(self, tenant_id: str, head: chain.Head) -> None:
        """Let the lease know of a record that was written without holding it."""
        seen = leases.look(self.place, tenant_id)
        free = leases.new(self._seconds, 0, head) if seen is None else seen.written
        if seen is None or (free.released and free.head.seq < head.seq):
            wanted = replace(free, head=head, released=True, beat=free.beat + 1)
            version = seen.version if seen else ""
            self.place.swap_lease(tenant_id, wanted.sealed(tenant_id), version)

    def reread(self, tenant_id: str) -> None:
        """Learn the journal's head anew: it was written past this store."""
        self._whole(tenant_id)

    # Documents

    def applied(self, tenant_id: str) -> tuple[item.Item, ...]:
        found = self._document(tenant_id, document.APPLIED)
        if found is not None:
            return document.items(found)
        old = self.place.old(tenant_id, "applied.json")
        with _damage(tenant_id, document.APPLIED):
            return () if old is None else document.old_applied(old)

    def keep_applied(self, tenant_id: str, items: Sequence[item.Item]) -> None:
        listed = [document.item_to_json(i) for i in sorted(items, key=lambda i: i.ref)]
        self._keep(tenant_id, document.APPLIED, listed, "applied.json")

    def keep_manifest(self, tenant_id: str, text: str) -> None:
        self._keep(tenant_id, document.MANIFEST, text, "manifest.yaml")

    def manifest(self, tenant_id: str) -> str | None:
        found = self._document(tenant_id, document.MANIFEST)
        return self._old_manifest(tenant_id) if found is None else str(found)

    def manifests(self) -> dict[str, str]:
        stored = self.place.bulk(f"{document.MANIFEST}@")
        found: dict[str, str] = {}
        for tenant_id in self.tenants():
            last = self._last(tenant_id, document.MANIFEST, stored.get(tenant_id, {}))
            text = self._old_manifest(tenant_id) if last is None else str(last)
            if text is not None:
                found[tenant_id] = text
        return found

    def _old_manifest(self, tenant_id: str) -> str | None:
        old = self.place.old(tenant_id, "manifest.yaml")
        return None if old is None else old.decode("utf-8", errors="replace")

    def _last(self, tenant_id: str, name: str, versions: Mapping[str, bytes]) -> Any:
        """The document that the journal names last; only that record of it is checked here.

        ``versions``: all that are stored of it, by stored name.
        """
        # What does not fit was written meanwhile, or is damaged: reading the whole tells which.
        with suppress(ValueError):
            counts = document.latest(self.place.lines(tenant_id), tenant_id, name)
            if counts is not None and counts[0] in versions:
                found, made = document.opened(versions[counts[0]], tenant_id, name)
                if made == counts[1]:
                    return found
            if counts is None and not versions:
                return None
        return self._document(tenant_id, name)

    def keep(self, tenant_id: str, name: str, document: Mapping[str, Any]) -> None:
        self._keep(tenant_id, name, dict(document), f"{name}.document.json")

    def kept(self, tenant_id: str, name: str) -> dict[str, Any] | None:
        found = self._document(tenant_id, name)
        return self._old_document(tenant_id, name) if found is None else dict(found)

    def kept_by(self, name: str) -> dict[str, dict[str, Any]]:
        stored = self.place.bulk(f"{name}@")
        found: dict[str, dict[str, Any]] = {}
        for tenant_id in self.tenants():
            last = self._last(tenant_id, name, stored.get(tenant_id, {}))
            kept = self._old_document(tenant_id, name) if last is None else dict(last)
            if kept is not None:
                found[tenant_id] = kept
        return found

    def _old_document(self, tenant_id: str, name: str) -> dict[str, Any] | None:
        old = self.place.old(tenant_id, f"{name}.document.json")
        with _damage(tenant_id, name):
            return None if old is None else document.old_document(old)

    def kept_names(self, tenant_id: str) -> tuple[str, ...]:
        declared = document.declared(self._whole(tenant_id))
        return tuple(sorted(declared.keys() - {document.APPLIED, document.MANIFEST}))

    def forget(self, tenant_id: str, name: str) -> None:
        if name in document.declared(self._whole(tenant_id)):
            self._append(tenant_id, document.FORGOTTEN, {"name": name})
        self._sweep(tenant_id, name, keep="")
        self.place.forget_old(tenant_id, f"{name}.document.json")

    def tenants(self) -> tuple[str, ...]:
        return self.place.tenants()

    def _keep(self, tenant_id: str, name: str, content: Any, old: str) -> None:
        """Store a version, then say in the journal that it counts, then remove the others."""
        raw, made = document.sealed(tenant_id, name, content)
        for _ in range(_ATTEMPTS):
            head = self._heads.get(tenant_id) or self._whole(tenant_id).head
            stored = document.key(name, head.seq + 1, made)
            self.place.put(tenant_id, stored, raw)
            details = {"name": name, "sha256": made}
            if self._append(tenant_id, document.KEPT, details, seq=head.seq + 1):
                self._sweep(tenant_id, name, keep=stored)
                self.place.forget_old(tenant_id, old)
                return
            self.place.remove(tenant_id, stored)
        raise errors.EngineFailed(
            f"{name} of {tenant_id} is written by others without a pause",
            resolution="Run the command again.",
        )

    def _sweep(self, tenant_id: str, name: str, *, keep: str) -> None:
        for stored in self.place.names(tenant_id):
            if document.name_of(stored) == name and stored != keep:
                self.place.remove(tenant_id, stored)

    def _document(self, tenant_id: str, name: str) -> Any:
        """The version that counts; None where there is none."""
        counts = document.declared(self._whole(tenant_id)).get(name)
        if counts is None:
            return None
        stored, made = counts
        raw = self.place.get(tenant_id, stored)
        with _damage(tenant_id, name):
            if raw is None:
                raise ValueError(f"{stored} is missing")
            found, given = document.opened(raw, tenant_id, name)
            if given != made:
                raise ValueError("it is another version than the journal names")
            return found


@contextmanager
def _damage(tenant_id: str, name: str) -> Iterator[None]:
    """Tell what is wrong with a document as an error of the store."""
    try:
        yield
    except ValueError as wrong:
        raise document.damaged(tenant_id, name, str(wrong)) from wrong
