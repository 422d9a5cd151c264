"""Whether a store is whole: everything it holds is read, and every link and hash is checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from onboarding import errors
from onboarding.state import chain, document, leases, store

_OLD = ("applied.json", "manifest.yaml")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was noticed; ``damage`` must be mended before the agency can go on."""

    tenant_id: str
    part: str
    told: str
    damage: bool = True


@dataclass(frozen=True, slots=True)
class Salvage:
    """What of a tenant is whole: lines of the journal up to the first damage, and documents."""

    lines: tuple[bytes, ...]
    records: chain.Chain
    documents: dict[str, bytes]
    """By stored name, those that the whole part of the journal declares."""


def check(of: store.Store, tenant_id: str) -> tuple[Found, ...]:
    """Everything about one tenant, the gravest first."""
    found = [*_journal(of, tenant_id), *_lease(of, tenant_id)]
    return tuple(sorted(found, key=lambda f: not f.damage))


def salvage(of: store.Store, tenant_id: str) -> Salvage:
    """What a repair can go on from. Raises where the store itself cannot be read."""
    lines = of.place.lines(tenant_id)
    records = chain.read(lines, tenant_id)
    documents = {}
    for name, (stored, made) in document.declared(records).items():
        raw = of.place.get(tenant_id, stored)
        if raw is not None and not _wrong(raw, tenant_id, name, made):
            documents[stored] = raw
    return Salvage(tuple(lines[: len(records.entries)]), records, documents)


def _journal(of: store.Store, tenant_id: str) -> Iterator[Found]:
    try:
        records = of.records(tenant_id)
    except errors.EngineFailed as unreadable:
        yield Found(tenant_id, "journal", unreadable.message)
        return
    if records.damage:
        yield Found(tenant_id, "journal", records.damage)
    plain = sum(not e.by for e in records.entries)
    if plain:
        told = f"{plain} records of the first version, covered by the first one after them"
        yield Found(tenant_id, "journal", told, damage=False)
    yield from _documents(of, tenant_id, records)


def _documents(of: store.Store, tenant_id: str, records: chain.Chain) -> Iterator[Found]:
    declared = document.declared(records)
    for name, (stored, made) in declared.items():
        raw = of.place.get(tenant_id, stored)
        why = "it is missing" if raw is None else _wrong(raw, tenant_id, name, made)
        if why:
            yield Found(tenant_id, name, why)
    counted = {stored for stored, _ in declared.values()}
    for stored in of.place.names(tenant_id):
        if stored not in counted:
            yield _uncounted(tenant_id, stored, records.head)
    old = [name for name in _OLD if of.place.old(tenant_id, name) is not None]
    if old:
        told = f"{', '.join(old)} of the first version, replaced at the next run"
        yield Found(tenant_id, "documents", told, damage=False)
    if document.MANIFEST not in declared and "manifest.yaml" not in old:
        yield Found(tenant_id, "manifest", "none was ever kept: nothing was applied", damage=False)


def _uncounted(tenant_id: str, stored: str, head: chain.Head) -> Found:
    """A version that no record declares: left by a kill, or its record has gone."""
    number = stored.rpartition("@")[2].partition("-")[0]
    if number.isdigit() and int(number) > head.seq + 1:
        told = f"record {int(number)} once declared {stored}; the journal ends at {head.seq}"
        return Found(tenant_id, "journal", told)
    told = f"{stored} does not count: a run was stopped as it wrote or removed it"
    return Found(tenant_id, "documents", told, damage=False)


def _wrong(raw: bytes, tenant_id: str, name: str, made: str) -> str:
    try:
        given = document.opened(raw, tenant_id, name)[1]
    except errors.EngineFailed as newer:
        return newer.message
    except ValueError as wrong:
        return str(wrong)
    return "" if given == made else "it is another version than the journal names"


def _lease(of: store.Store, tenant_id: str) -> Iterator[Found]:
    try:
        seen = leases.look(of.place, tenant_id)
    except errors.EngineFailed as damaged:
        yield Found(tenant_id, "lease", "; ".join((damaged.message, *damaged.details)))
        return
    if seen is None or seen.written.released:
        return
    who = f"{seen.written.owner}, since {seen.written.since}, fence {seen.written.fence}"
    told = f"held by {who}" if seen.held else f"left by {who}: the next run takes it over"
    yield Found(tenant_id, "lease", told, damage=False)
