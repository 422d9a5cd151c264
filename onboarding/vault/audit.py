"""Who wrote to a path of Vault last, from the audit logs, where they are files we may read.

The logs are written by the server, on its own host. Anywhere else nothing is said: an answer that
rests on half a log would be worse than none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onboarding import environment, errors, item, vault

_WRITES = frozenset({"create", "update", "patch", "delete"})
_BLOCK = 1 << 20
_MOST_BYTES = 256 << 20
"""How far back a log is read."""


@dataclass(frozen=True, slots=True)
class Write:
    """``name`` is the role or display name behind the token; ``time`` ISO 8601."""

    name: str
    operation: str
    time: str


def last_writes(
    target: environment.Environment, role: environment.Role, refs: Sequence[item.Ref]
) -> dict[item.Ref, Write]:
    """The last successful write to each object; those without a record are left out."""
    try:
        with vault.connect(target, role) as door:
            devices = door.read("sys/audit") or {}
    except errors.OnboardError:
        return {}
    for device in devices.values():
        file = (device.get("options") or {}).get("file_path") if isinstance(device, dict) else None
        if file and Path(file).is_file():
            try:
                return found_in(Path(file), refs)
            except OSError:
                continue
    return {}


def found_in(file: Path, refs: Sequence[item.Ref]) -> dict[item.Ref, Write]:
    """From one audit log, read from its end. Raises ``OSError`` where it may not be read."""
    sought = {place: ref for ref in refs for place in _places(ref)}
    found: dict[item.Ref, Write] = {}
    for line in _backwards(file):
        # Most lines are of other paths: they are not worth parsing.
        if b'"type":"response"' not in line:
            continue
        entry = _parsed(line)
        request = entry.get("request") or {}
        if request.get("operation") not in _WRITES or entry.get("error"):
            continue
        ref = sought.get(str(request.get("path")))
        if ref is not None and ref not in found:
            found[ref] = Write(
                _name(entry), str(request["operation"]), str(entry.get("time"))[:19] + "Z"
            )
            if len(found) == len(refs):
                break
    return found


_PLACES = {
    "Mount": ("sys/mounts/{name}", "sys/mounts/{name}/tune"),
    "PkiRole": ("{scope}/roles/{name}",),
    "Issuer": ("{scope}/config/issuers", "{scope}/intermediate/set-signed"),
    "Policy": ("sys/policies/acl/{name}", "sys/policy/{name}"),
    "KubernetesAuthRole": ("auth/{scope}/role/{name}",),
    "KeyPair": ("{scope}/metadata/{name}", "{scope}/data/{name}"),
    "Account": ("{scope}/metadata/{name}", "{scope}/data/{name}"),
}
"""Paths by which an object is written; any other kind is a setting of its mount."""


def _places(ref: item.Ref) -> Iterator[str]:
    for place in _PLACES.get(ref.kind, ("{scope}/config/{name}",)):
        yield place.format(scope=ref.scope, name=ref.name)


def _name(entry: dict[str, Any]) -> str:
    auth = entry.get("auth") or {}
    return str((auth.get("metadata") or {}).get("role_name") or auth.get("display_name") or "?")


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _backwards(file: Path) -> Iterator[bytes]:
    """Lines of a file from its last to its first."""
    with file.open("rb") as log:
        end = log.seek(0, 2)
        first = max(0, end - _MOST_BYTES)
        rest = b""
        while end > first:
            start = max(first, end - _BLOCK)
            log.seek(start)
            lines = (log.read(end - start) + rest).split(b"\n")
            rest, end = lines[0], start
            yield from reversed(lines[1:])
        if first == 0 and rest:
            yield rest
