"""Documents beside the journal: what was applied, the manifest, approvals and such.

A document never changes. A new version gets a name of its own, ``<name>@<number>-<part of its
hash>``, and counts from the moment when the journal's record of that number says so; the one
before it is removed afterwards. So a kill at any point leaves exactly one that counts, and a copy
of an older one is told by the journal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from onboarding import errors, item
from onboarding.state import chain

KEPT = "document-kept"
FORGOTTEN = "document-forgotten"
INTERNAL = frozenset({KEPT, FORGOTTEN})
"""Events of the store's own, which say nothing about the tenant."""
APPLIED = "applied"
MANIFEST = "manifest"


def sealed(tenant_id: str, name: str, document: Any) -> tuple[bytes, str]:
    """A document as it is stored, and its hash."""
    content = {"v": chain.VERSION, "tenant": tenant_id, "name": name, "document": document}
    made = item.content_hash(content)
    return json.dumps({"sha256": made, **content}, ensure_ascii=False).encode(), made


def key(name: str, seq: int, made: str) -> str:
    """Under what name a version of a document is stored: two of one number differ in the hash."""
    return f"{name}@{seq:010d}-{int(made[:15], 16)}"


def name_of(stored: str) -> str:
    """The document that a stored version belongs to."""
    return stored.rpartition("@")[0]


def opened(raw: bytes, tenant_id: str, name: str) -> tuple[Any, str]:
    """The document and its hash. Raises ``ValueError`` saying what is wrong with it."""
    try:
        record = json.loads(raw)
        given, version = record.pop("sha256"), record["v"]
    except (ValueError, KeyError, TypeError, AttributeError) as damaged:
        raise ValueError(f"it cannot be read: {damaged}") from damaged
    if isinstance(version, int) and version > chain.VERSION:
        raise chain.newer(f"{name} of {tenant_id}")
    if item.content_hash(record) != given:
        raise ValueError("the checksum does not fit")
    if (version, record["tenant"], record["name"]) != (chain.VERSION, tenant_id, name):
        raise ValueError(f"it is {record['name']} of {record['tenant']}, version {version}")
    return record["document"], given


def declared(records: chain.Chain) -> dict[str, tuple[str, str]]:
    """By name of each document that counts: under what name it is stored, and its hash."""
    found: dict[str, tuple[str, str]] = {}
    for entry in records.entries:
        if entry.event == KEPT:
            name, made = entry.details["name"], entry.details["sha256"]
            found[name] = (key(name, entry.seq, made), made)
        elif entry.event == FORGOTTEN:
            found.pop(entry.details["name"], None)
    return found


def latest(lines: Sequence[bytes], tenant_id: str, name: str) -> tuple[str, str] | None:
    """As ``declared`` for one document, out of the last record of it alone: the chain is not
    checked. Raises ``ValueError`` where that record is not sound.
    """
    quoted = json.dumps(name).encode()
    for raw in reversed(lines):
        if quoted not in raw or not any(event.encode() in raw for event in INTERNAL):
            continue
        entry = chain.single(raw, tenant_id)
        if entry.event in INTERNAL and entry.details["name"] == name:
            if entry.event == FORGOTTEN:
                return None
            made = entry.details["sha256"]
            return key(name, entry.seq, made), made
    return None


def item_to_json(of: item.Item) -> dict[str, Any]:
    ref = of.ref
    return {
        "ref": [ref.engine.value, ref.kind, ref.scope, ref.name],
        "fields": dict(of.fields),
        "owner": of.owner,
        "holdsData": of.holds_data,
    }


def items(listed: Sequence[Mapping[str, Any]]) -> tuple[item.Item, ...]:
    """Items from their stored form."""
    return tuple(_item(value) for value in listed)


def _item(value: Mapping[str, Any]) -> item.Item:
    engine, kind, scope, name = value["ref"]
    ref = item.Ref(item.EngineName(engine), kind, scope, name)
    return item.Item(ref, value["fields"], value["owner"], value["holdsData"])


def damaged(tenant_id: str, name: str, why: str) -> errors.EngineFailed:
    """The error of a document that is not what the journal says."""
    what = {APPLIED: "the record of what was applied", MANIFEST: "the manifest kept"}
    return errors.EngineFailed(
        f"{what.get(name, f'the record {name}')} for {tenant_id} is damaged",
        details=[why],
        resolution=f"Look: onboard state verify    Then mend it: onboard state repair {tenant_id}",
    )


# The first form of the store: one file a document, without a word in the journal.


def old_applied(raw: bytes) -> tuple[item.Item, ...]:
    """``applied.json`` of the first form. Raises ``ValueError`` where it is damaged."""
    return items(_old(raw, "items"))


def old_document(raw: bytes) -> dict[str, Any]:
    """``<name>.document.json`` of the first form. Raises ``ValueError`` where it is damaged."""
    document: dict[str, Any] = _old(raw, "document")
    return document


def _old(raw: bytes, part: str) -> Any:
    try:
        record = json.loads(raw)
        if chain.checksum(item.canonical(record[part])) != record["sha256"]:
            raise ValueError("the checksum does not fit")
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"it is of no known form: {wrong}") from wrong
    return record[part]
