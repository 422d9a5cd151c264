"""All letters of one Mayan EDMS with what is said of them, in forms that open without it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from onboarding import errors, product_api
from onboarding.product_api.mayan import forms, ids
from onboarding.product_api.mayan.api import Api

_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_LONGEST_NAME = 120
"""Bytes that are left of a file's name; with Thai letters of three bytes it is told in full in
``letter.json``."""


def count(door: Api) -> product_api.Held:
    """Raises ``errors.Refused`` where letters lie in the bin: the API shows nothing of them."""
    letters = int(door.get("/documents/?page_size=1")["count"])
    binned = int(door.get("/trashed_documents/?page_size=1")["count"])
    if binned:
        raise errors.Refused(
            f"{binned} letter(s) lie in the bin, where Mayan EDMS lets nobody read them",
            resolution="Let who approves deletion decide on each first: it is deleted, or taken "
            "out of the bin. Nothing was exported.",
        )
    taken = sum(int(r["next_value"]) - _first(r) for r in door.every("/sequences/"))
    return product_api.Held(letters, taken)


def _first(register: dict[str, Any]) -> int:
    said = register["backend_data"] or {}
    return int((json.loads(said) if isinstance(said, str) else said).get("value_first", 1))


def stored(door: Api) -> Iterator[product_api.Stored]:
    """Of each letter its files as they were filed and ``letter.json``; a list of all letters, and
    the registers.

    Raises ``errors.EngineFailed`` where these are not the letters that it lists at the end: one
    that goes moves another to a page that was read already.
    """
    listed, known = [], set()
    for document in door.every("/documents/?_ordering=id"):
        told, files = _letter(door, document)
        folder = str(document["uuid"])
        known.add(folder)
        listed.append((folder, told["organisation"], told["title"], told["filedAt"]))
        yield forms.as_json(f"{folder}/letter.json", told, tells=True)
        yield from files
    now = {str(one["uuid"]) for one in door.every("/documents/", "uuid")}
    if now != known or len(listed) != len(known):
        raise errors.EngineFailed(
            "letters came or went while they were exported: somebody works in the e-Office",
            details=[f"{one}: filed meanwhile" for one in sorted(now - known)][:20]
            + [f"{one}: gone meanwhile" for one in sorted(known - now)][:20],
            resolution="See that nobody does, then run the same command again.",
        )
    yield forms.as_table("letters.csv", ("folder", "organisation", "title", "filedAt"), listed)
    registers = [(r["label"], str(r["next_value"])) for r in door.every("/sequences/")]
    yield forms.as_table("registers.csv", ("register", "nextNumber"), registers)


def _letter(door: Api, document: dict[str, Any]) -> tuple[dict[str, Any], list[product_api.Stored]]:
    base, folder = f"/documents/{document['id']}", str(document["uuid"])
    files, told = [], []
    for one in door.every(f"{base}/files/"):
        if not one["checksum"]:
            raise errors.EngineFailed(
                f"letter {folder}: the file {one['filename']!r} was never stored to its end",
                resolution="Let staff file it again or remove it in the e-Office; then go on.",
            )
        path = f"{folder}/{one['id']}-{_name(one['filename'])}"
        reading = _content(door, f"{base}/files/{one['id']}/download/")
        files.append(product_api.Stored(path, one["checksum"], reading))
        told.append(
            {
                "path": path,
                "name": one["filename"],
                "type": one["mimetype"],
                "storedAt": one["timestamp"],
                "comment": one["comment"],
                "sha256": one["checksum"],
            }
        )
    about = {
        "uuid": folder,
        "title": document["label"],
        "organisation": document["document_type"]["label"],
        "description": document["description"],
        "filedAt": document["datetime_created"],
        "fields": {
            one["metadata_type"]["name"]: one["value"] for one in door.every(f"{base}/metadata/")
        },
        "files": told,
        "steps": list(_steps(door, base)),
        "comments": [
            {"at": one["submit_date"], "by": _who(one), "text": one["text"]}
            for one in door.every(f"{base}/comments/")
        ],
        "tags": sorted(one["label"] for one in door.every(f"{base}/tags/")),
        "versions": [
            {"at": one["timestamp"], "shown": one["active"], "comment": one["comment"]}
            for one in door.every(f"{base}/versions/", "timestamp", "active", "comment")
        ],
        "events": list(_events(door, int(document["id"]))),
    }
    return about, files


def _steps(door: Api, base: str) -> Iterator[dict[str, Any]]:
    """What became of the letter, by whom; the first entry of a workflow is that it began."""
    for flow in door.every(f"{base}/workflow_instances/"):
        for one in door.every(f"{base}/workflow_instances/{flow['id']}/log_entries/"):
            step = one["transition"] or {}
            yield {
                "workflow": flow["workflow_template"]["label"],
                "at": one["datetime"],
                "by": _who(one),
                "step": step.get("label", ""),
                "comment": one["comment"],
            }


def _events(door: Api, number: int) -> Iterator[dict[str, Any]]:
    """Everything that was done to the letter, reading it too, the newest first."""
    path = f"/objects/{ids.LETTER}/{number}/events/"
    for one in door.every(path, "timestamp", "actor", "verb__id"):
        actor = one["actor"]
        by = actor.get("username", "") if isinstance(actor, dict) else ""
        yield {"at": one["timestamp"], "by": by, "event": one["verb"]["id"]}


def _who(entry: dict[str, Any]) -> str:
    return str((entry["user"] or {}).get("username", ""))


def _content(door: Api, path: str) -> Callable[[], bytes]:
    return lambda: door.content(path)


def _name(said: str) -> str:
    """As much of a file's name as any computer takes; its ending stays."""
    name = _NOT_IN_NAMES.sub("_", said).strip(". ") or "file"
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = name, ""
    short = (stem or ending).encode()[:_LONGEST_NAME].decode(errors="ignore")
    return f"{short}.{ending}" if ending and stem else short
