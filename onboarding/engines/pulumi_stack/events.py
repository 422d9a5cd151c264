"""Pulumi's stream of events, reduced to what became of each object."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

from onboarding import item


class Fate(Enum):
    """What an event says about an object."""

    BEGUN = "begun"
    WRITTEN = "written"
    SAME = "same"
    FAILED = "failed"


_SAME = frozenset({"same", "read", "refresh"})
_PATCH = "Patch"
_QUIET = 15.0


@dataclass(frozen=True, slots=True)
class Told:
    """One event about one object; ``operation`` in Pulumi's words.

    ``alike``: what it writes is what stands there. So Pulumi waits once more for an object that did
    not come up while an earlier update waited for it.
    """

    ref: item.Ref
    fate: Fate
    operation: str
    alike: bool = False


class Stream:
    """Events in a file that Pulumi writes, from the moment it is there."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._opened: BinaryIO | None = None
        self._rest = b""
        self._heard = time.monotonic()

    def new(self) -> Iterator[dict[str, Any]]:
        """What came since; an empty event where nothing came for a while."""
        if self._opened is None and self._file.exists():
            self._opened = self._file.open("rb")
        more = self._opened.read() if self._opened else b""
        *lines, self._rest = (self._rest + more).split(b"\n")
        if lines or time.monotonic() - self._heard > _QUIET:
            self._heard = time.monotonic()
            yield from map(json.loads, lines or [b"{}"])

    def close(self) -> None:
        if self._opened:
            self._opened.close()


@dataclass(slots=True)
class Reader:
    """Understands events one by one and keeps the messages of errors by object."""

    messages: dict[item.Ref | None, list[str]] = field(default_factory=dict)

    def read(self, event: Mapping[str, Any]) -> Told | None:
        """What an event says about an object of the cluster; None for anything else."""
        if "diagnosticEvent" in event:
            self._keep(event["diagnosticEvent"])
            return None
        for key, fate in (
            ("resourcePreEvent", Fate.BEGUN),
            ("resOutputsEvent", Fate.WRITTEN),
            ("resOpFailedEvent", Fate.FAILED),
        ):
            if key in event:
                metadata = event[key]["metadata"]
                ref = ref_of(metadata["urn"])
                if ref is None:
                    return None
                operation = str(metadata["op"])
                same = fate is Fate.WRITTEN and operation in _SAME
                alike = metadata.get("detailedDiff") == {} and not metadata.get("diffs")
                return Told(ref, Fate.SAME if same else fate, operation, alike)
        return None

    def _keep(self, diagnostic: Mapping[str, Any]) -> None:
        if diagnostic.get("severity") != "error":
            return
        ref = ref_of(diagnostic.get("urn", ""))
        text = str(diagnostic.get("message", "")).strip()
        if text:
            self.messages.setdefault(ref, []).append(text)


def ref_of(urn: str) -> item.Ref | None:
    """The object behind a URN, by its type and logical name; None for components and such."""
    parts = urn.split("::")
    if len(parts) < 4:
        return None
    kind = parts[2].rpartition("$")[2]
    if not kind.startswith("kubernetes:"):
        return None
    scope, _, name = "::".join(parts[3:]).rpartition("/")
    return item.Ref(
        item.EngineName.CLUSTER, kind.rpartition(":")[2].removesuffix(_PATCH), scope, name
    )
