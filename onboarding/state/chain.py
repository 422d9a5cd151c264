"""The journal as a hash chain: one line a record, each covering the one before it.

A line is ``<sha256 of the body> <body>``; the body is canonical JSON. Lines of the first form of
the journal carry no number and no link; they are kept as the beginning of the chain, and the
first record after them covers them all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onboarding import errors, item
from onboarding.state import interface

VERSION = 2
REBUILT = "state-rebuilt"
"""The only event before which numbers may be missing: its details name the head that was lost."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last record of a chain; number 0 and "" before the first."""

    seq: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """A journal that was read and found whole, and as much of it as was whole otherwise."""

    entries: tuple[interface.Entry, ...] = ()
    head: Head = Head()
    damage: str = ""
    """What is wrong with the line after the last entry; "" where nothing is."""

    def at(self, seq: int) -> interface.Entry | None:
        """The record of that number."""
        # Numbers are missing only where a store was rebuilt, so this is nearly always a hit.
        if 0 < seq <= len(self.entries) and self.entries[seq - 1].seq == seq:
            return self.entries[seq - 1]
        return next((e for e in self.entries if e.seq == seq), None)

    def lacks(self, known: Head) -> str:
        """Why this cannot be all of a journal that once had the head ``known``; "" if it can."""
        if not known.seq or known == self.head:
            return ""
        at = self.at(known.seq)
        if at is None:
            last = self.head.seq
            return f"record {known.seq}, which was there, is not; the journal ends at {last}"
        # Records of the first form of the journal are covered together, by no hash of one.
        same = at.hash == known.hash or not at.by
        return "" if same else f"record {known.seq} is another one than was there"


def checksum(text: str) -> str:
    """SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def line(head: Head, tenant_id: str, entry: interface.Entry) -> tuple[bytes, Head]:
    """The record that follows ``head`` (without its end of line), and the head it makes.

    ``entry`` gives everything but the hash; its number must follow on the head's.
    """
    body = item.canonical(
        {
            "v": VERSION,
            "tenant": tenant_id,
            "seq": entry.seq,
            "prev": head.hash,
            "at": entry.at,
            "event": entry.event,
            "details": entry.details,
            "fence": entry.fence,
            "by": entry.by,
        }
    )
    made = checksum(body)
    return f"{made} {body}".encode(), Head(entry.seq, made)


def read(lines: Sequence[bytes], tenant_id: str) -> Chain:
    """Check every record and every link; reading ends at the first that does not hold.

    Raises ``errors.EngineFailed`` for records of a newer version: they may be right.
    """
    entries: list[interface.Entry] = []
    head = Head()
    plain: list[str] = []
    for number, raw in enumerate(lines, 1):
        text = raw.decode("utf-8", errors="replace")
        given, _, body = text.partition(" ")
        if checksum(body) != given:
            return Chain(tuple(entries), head, f"line {number}: the checksum does not fit")
        value = json.loads(body)
        if "v" not in value and head.seq == len(plain):
            plain.append(given)
            head = Head(number, checksum("\n".join(plain)))
            entries.append(_plain(value, number, given))
            continue
        why = _broken(value, head, tenant_id)
        if why:
            return Chain(tuple(entries), head, f"line {number}: {why}")
        head = Head(value["seq"], given)
        entries.append(_linked(value, given))
    return Chain(tuple(entries), head)


def single(raw: bytes, tenant_id: str) -> interface.Entry:
    """One record by itself. Raises ``ValueError`` where it is not sound, or of another form."""
    given, _, body = raw.decode("utf-8", errors="replace").partition(" ")
    if checksum(body) != given:
        raise ValueError("the checksum does not fit")
    value = json.loads(body)
    if (value.get("v"), value.get("tenant")) != (VERSION, tenant_id):
        raise ValueError(f"it is no record of {tenant_id} of version {VERSION}")
    return _linked(value, given)


def _broken(value: Mapping[str, Any], head: Head, tenant_id: str) -> str:
    """Why a record cannot follow ``head``; "" where it can."""
    version = value.get("v")
    if isinstance(version, int) and version > VERSION:
        raise newer(f"the journal of {tenant_id}")
    if version != VERSION:
        return "it is of no known form"
    if value["tenant"] != tenant_id:
        return f"it belongs to {value['tenant']}"
    if value["prev"] != head.hash:
        return "it does not follow the record before it"
    follows = value["seq"] == head.seq + 1
    if not follows and not (value["event"] == REBUILT and value["seq"] > head.seq):
        return f"it has number {value['seq']} after {head.seq}"
    return ""


def newer(what: str) -> errors.EngineFailed:
    """The error of something that a newer version of the tool has written."""
    return errors.EngineFailed(
        f"{what} was written by a newer version of onboard",
        resolution="Update onboard on this computer, then run the same command again.",
    )


def _plain(value: Mapping[str, Any], seq: int, made: str) -> interface.Entry:
    return interface.Entry(value["at"], value["event"], value["details"], seq=seq, hash=made)


def _linked(value: Mapping[str, Any], made: str) -> interface.Entry:
    return interface.Entry(
        value["at"],
        value["event"],
        value["details"],
        seq=value["seq"],
        hash=made,
        fence=value["fence"],
        by=value["by"],
    )
