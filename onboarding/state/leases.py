"""The lease of a tenant: taken by compare-and-swap, renewed while held, fenced.

A lease has a length, no end: its age is measured by the clock of the place that keeps it, so
that the clocks of two computers need not agree.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from onboarding import errors, item
from onboarding.state import chain, interface, owner, storage

SECONDS = 60.0
"""How long a lease lasts unless it is renewed; it is renewed four times in that time."""
_ATTEMPTS = 5
STALE = "lease-taken"
"""Journal: a run took the tenant over from one that had not given it back."""


@dataclass(frozen=True, slots=True)
class Written:
    """What is stored. ``head`` is the journal's last record when this was written."""

    owner: str
    fence: int
    seconds: float
    since: str
    nonce: str
    mark: Mapping[str, Any]
    released: bool = False
    beat: int = 0
    """Counts writings, so that no two are alike."""
    head: chain.Head = field(default_factory=chain.Head)

    def sealed(self, tenant_id: str) -> bytes:
        content = {"v": chain.VERSION, "tenant": tenant_id, **asdict(self)}
        return json.dumps({"sha256": item.content_hash(content), **content}).encode()


@dataclass(frozen=True, slots=True)
class Seen:
    """A lease as it was found: what it says, and by whom the tenant is held now, if at all."""

    written: Written
    version: str
    ends: datetime
    held: bool


def opened(raw: bytes, tenant_id: str) -> Written:
    """Raises ``errors.EngineFailed`` where the record is damaged or of a newer version."""
    try:
        record = json.loads(raw)
        given, version = record.pop("sha256"), record["v"]
        if isinstance(version, int) and version > chain.VERSION:
            raise chain.newer(f"the lease of {tenant_id}")
        if item.content_hash(record) != given:
            raise ValueError("the checksum does not fit")
        if record.pop("tenant") != tenant_id or record.pop("v") != chain.VERSION:
            raise ValueError("it belongs to another agency")
        return Written(**{**record, "head": chain.Head(**record["head"])})
    except (ValueError, KeyError, TypeError, AttributeError) as damaged:
        raise errors.EngineFailed(
            f"the lease of {tenant_id} is damaged",
            details=[str(damaged)],
            resolution="See that no run of this agency is going on anywhere. Then mend it: "
            f"onboard state repair {tenant_id}",
        ) from damaged


def look(place: storage.Storage, tenant_id: str) -> Seen | None:
    """The lease as it stands; None where nobody ever had one."""
    found = place.lease(tenant_id)
    if found is None:
        return None
    written = opened(found.content, tenant_id)
    alive = owner.alive(written.mark)
    lapsed = found.age > written.seconds
    # A process seen to live holds its lease whatever a clock says; one seen dead holds nothing.
    held = not written.released and (alive if alive is not None else not lapsed)
    left = timedelta(seconds=written.seconds - found.age)
    return Seen(written, found.version, datetime.now(UTC) + left, held)


@dataclass(slots=True)
class Mine:
    """A lease that this process holds, with the thread that renews it."""

    place: storage.Storage
    tenant_id: str
    written: Written
    version: str
    taken_from: Written | None = None
    """A holder that had not given it back."""
    lost: bool = False
    _renewed: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def shown(self) -> interface.Lease:
        ends = datetime.now(UTC) + timedelta(seconds=self.written.seconds)
        return interface.Lease(self.tenant_id, self.written.owner, self.written.fence, ends)

    def begin(self) -> None:
        """Renew it from now on, beside whatever the run does."""
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise ``errors.LeaseLost`` unless nobody else has taken it."""
        with self._lock:
            found = self.place.lease(self.tenant_id)
            if self.lost or found is None or found.version != self.version:
                self.lost = True
                raise self.gone(found)
            due = time.monotonic() - self._renewed > self.written.seconds / 2
        if due and not self.renew(self.written.head):
            raise self.gone(self.place.lease(self.tenant_id))

    def renew(self, head: chain.Head) -> bool:
        """Write it anew; False where another run has it. Raises where the store is gone."""
        with self._lock:
            return not self.lost and self._swap(replace(self.written, head=head))

    def release(self, head: chain.Head) -> None:
        """Give it back, with the journal's head; one that was lost is another's."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(self.written.seconds)
        # A store that is gone just now needs no word: the lease ends by itself.
        with self._lock, contextlib.suppress(errors.OnboardError):
            if not self.lost:
                self._swap(replace(self.written, released=True, head=head))

    def _beat(self) -> None:
        while not self._stop.wait(self.written.seconds / 4):
            try:
                if not self.renew(self.written.head):
                    return
            except errors.OnboardError:
                # The store may come back in time; if not, the next check says so.
                continue

    def _swap(self, wanted: Written) -> bool:
        wanted = replace(wanted, beat=self.written.beat + 1)
        version = self.place.swap_lease(self.tenant_id, wanted.sealed(self.tenant_id), self.version)
        if version is None:
            self.lost = True
            return False
        self.written, self.version, self._renewed = wanted, version, time.monotonic()
        return True

    def gone(self, now: storage.Held | None) -> errors.LeaseLost:
        """The error of a run that was taken over, naming by whom."""
        holder = "nobody" if now is None else opened(now.content, self.tenant_id).owner
        return errors.LeaseLost(
            f"{self.tenant_id}: another run has taken over this agency; this one stops",
            details=[f"held now by: {holder}", f"this run was: {self.written.owner}"],
            resolution="Look at onboard status. When the other run has ended, run this again.",
        )


def new(seconds: float, fence: int, head: chain.Head) -> Written:
    """A lease of this process, from now on."""
    return Written(
        owner=owner.words(),
        fence=fence,
        seconds=seconds,
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        nonce=secrets.token_hex(8),
        mark=owner.mark(),
        head=head,
    )


def take(place: storage.Storage, tenant_id: str, seconds: float, least_fence: int) -> Mine:
    """Take the lease, its fencing number above ``least_fence`` and above the last holder's.

    Raises ``errors.Refused`` naming the holder where another has it.
    """
    for _ in range(_ATTEMPTS):
        seen = look(place, tenant_id)
        if seen is not None and seen.held:
            raise refused(tenant_id, seen.written, seen.ends)
        before = seen.written if seen else None
        fence = max(before.fence if before else 0, least_fence) + 1
        wanted = new(seconds, fence, before.head if before else chain.Head())
        content = wanted.sealed(tenant_id)
        version = place.swap_lease(tenant_id, content, seen.version if seen else "")
        if version is not None:
            stale = before if before and not before.released else None
            return Mine(place, tenant_id, wanted, version, stale)
    raise errors.Refused(
        f"{tenant_id}: several runs want this agency at once",
        resolution="Run the command again in a moment.",
    )


def refused(tenant_id: str, holder: Written, ends: datetime) -> errors.Refused:
    """The error of a run that finds the tenant held."""
    until = ends.astimezone(UTC).isoformat(timespec="seconds")
    return errors.Refused(
        f"{tenant_id}: another run holds this agency",
        details=[f"{holder.owner} since {holder.since}", f"until {until} unless it is renewed"],
        resolution="Wait until it ends, then run the command again.",
    )
