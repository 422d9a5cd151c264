"""A store as one tar file, to keep or to move it to another place, journal and all.

``contents.json`` holds the SHA-256 of every member; ``tenants/<agency id>/journal.jsonl`` the
records as they are, so that their chain goes on where they are imported.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from onboarding import errors, whole_file
from onboarding.state import chain, checking, document, store

_CONTENTS = "contents.json"
_FORMAT = 1
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_MOST_BYTES = 4 * 1024**3


@dataclass(slots=True)
class Part:
    """One tenant of an archive."""

    lines: list[bytes] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)


def export(of: store.Store, tenants: Sequence[str], file: Path, environment: str) -> None:
    """Write these tenants to ``file`` (0600), in one step; a damaged one is refused."""
    members: dict[str, bytes] = {}
    for tenant_id in tenants:
        _refuse_damage(of, tenant_id)
        lines = of.place.lines(tenant_id)
        members[f"tenants/{tenant_id}/journal.jsonl"] = b"".join(line + b"\n" for line in lines)
        for stored, _ in document.declared(chain.read(lines, tenant_id)).values():
            raw = of.place.get(tenant_id, stored)
            members[f"tenants/{tenant_id}/documents/{stored}.json"] = raw or b""
    contents = {
        "format": _FORMAT,
        "environment": environment,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": {name: hashlib.sha256(raw).hexdigest() for name, raw in members.items()},
    }
    members = {_CONTENTS: json.dumps(contents, indent=1).encode(), **members}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, raw in members.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(raw), 0o600
            tar.addfile(entry, io.BytesIO(raw))
    whole_file.put(file, packed.getvalue())


def _refuse_damage(of: store.Store, tenant_id: str) -> None:
    found = checking.check(of, tenant_id)
    damage = [f"{f.part}: {f.told}" for f in found if f.damage]
    if damage:
        raise errors.EngineFailed(
            f"the store of {tenant_id} is damaged; nothing was exported",
            details=damage,
            resolution=f"Mend it first: onboard state repair {tenant_id}",
        )
    if any("of the first version" in f.told and f.part == "documents" for f in found):
        raise errors.Refused(
            f"{tenant_id} has documents of the first version, which are not in the journal yet",
            resolution="Apply the agency once more, which brings them into it; then export.",
        )


def read(file: Path) -> dict[str, Part]:
    """The tenants of an archive, every hash and link checked.

    Raises ``errors.InvalidInput`` for anything that is not exactly what was exported.
    """
    try:
        with tarfile.open(file, mode="r:") as tar:
            members = {m.name: _content(tar, m) for m in tar.getmembers()}
        contents: dict[str, Any] = json.loads(members.pop(_CONTENTS))
        if contents["format"] != _FORMAT:
            raise ValueError(f"it has format {contents['format']}, this version reads {_FORMAT}")
        given = {name: hashlib.sha256(raw).hexdigest() for name, raw in members.items()}
        if given != contents["sha256"]:
            changed = {
                n
                for n in {*given, *contents["sha256"]}
                if given.get(n) != contents["sha256"].get(n)
            }
            raise ValueError(f"{min(changed)} is not what was exported")
        return _parts(members)
    except (OSError, KeyError, ValueError, TypeError, tarfile.TarError) as wrong:
        raise errors.InvalidInput(
            f"{file} is no whole export of a state store: {wrong}",
            resolution="Export again: onboard state export",
        ) from wrong


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    if not member.isfile() or member.size > _MOST_BYTES:
        raise ValueError(f"{member.name} is no plain file")
    opened = tar.extractfile(member)
    return b"" if opened is None else opened.read()


def _parts(members: dict[str, bytes]) -> dict[str, Part]:
    parts: dict[str, Part] = {}
    for path, raw in members.items():
        match path.split("/"):
            case ["tenants", tenant_id, "journal.jsonl"] if _ID.fullmatch(tenant_id):
                parts.setdefault(tenant_id, Part()).lines = raw.split(b"\n")[:-1]
            case ["tenants", tenant_id, "documents", name] if _ID.fullmatch(tenant_id):
                parts.setdefault(tenant_id, Part()).documents[name.removesuffix(".json")] = raw
            case _:
                raise ValueError(f"{path} belongs to no agency")
    for tenant_id, part in parts.items():
        records = chain.read(part.lines, tenant_id)
        if records.damage:
            raise ValueError(f"the journal of {tenant_id}: {records.damage}")
        for name, (stored, made) in document.declared(records).items():
            if document.opened(part.documents[stored], tenant_id, name)[1] != made:
                raise ValueError(f"{name} of {tenant_id} is another version")
    return parts


def missing(of: store.Store, parts: dict[str, Part]) -> dict[str, int]:
    """How many records of each tenant the store lacks.

    Raises ``errors.Refused`` where it holds what the archive does not: that would be lost.
    """
    lacking: dict[str, int] = {}
    problems = []
    for tenant_id, part in parts.items():
        have = of.place.lines(tenant_id)
        if have == part.lines[: len(have)]:
            lacking[tenant_id] = len(part.lines) - len(have)
        elif have[: len(part.lines)] == part.lines:
            problems.append(f"{tenant_id}: {len(have) - len(part.lines)} newer records are there")
        else:
            problems.append(f"{tenant_id}: another history is there")
    if problems:
        raise errors.Refused(
            "the store holds what the archive does not; nothing was imported",
            details=problems,
            resolution="Import into an empty store, or leave those agencies out: --agency ID",
        )
    return lacking


def bring(of: store.Store, tenant_id: str, part: Part) -> None:
    """Add what the store lacks of one tenant, under its lease; a kill in between is no harm."""
    with of.lease(tenant_id):
        have = len(of.place.lines(tenant_id))
        for stored, raw in part.documents.items():
            of.place.put(tenant_id, stored, raw)
        entries = chain.read(part.lines, tenant_id).entries
        for n in range(have, len(entries)):
            after = entries[n - 1].seq if n else 0
            of.check_lease(tenant_id)
            if not of.place.append(tenant_id, after, entries[n].seq, part.lines[n]):
                raise errors.EngineFailed(
                    f"another process writes the journal of {tenant_id}",
                    resolution="Run the same command again.",
                )
        of.reread(tenant_id)
