"""Pulumi's stream of events, reduced to what became of each object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from onboarding import item


class Fate(Enum):
    """What an event says about an object."""

    BEGUN = "begun"
    WRITTEN = "written"
    SAME = "same"
    FAILED = "failed"


_SAME = frozenset({"same", "read", "refresh"})
_PATCH = "Patch"


@dataclass(frozen=True, slots=True)
class Told:
    """One event about one object; ``operation`` in Pulumi's words."""

    ref: item.Ref
    fate: Fate
    operation: str


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
                return Told(ref, Fate.SAME if same else fate, operation)
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
