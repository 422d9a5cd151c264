"""An approval as it is signed and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from onboarding import item

API_VERSION = "gdcc.go.th/v1alpha1"


@dataclass(frozen=True, slots=True)
class Approval:
    """Who agreed to exactly one plan of one agency on one target, when, and until when.

    Times are UTC to the second. ``id`` is random, so that a use can be told from any other.
    ``rules`` names the hazards that were shown; ``account`` is what the surroundings said.
    """

    id: str
    tenant: str
    digest: str
    environment: str
    target: Mapping[str, str]
    purpose: str
    rules: tuple[str, ...]
    identity: str
    account: str
    at: datetime
    expires: datetime
    signature: str = ""

    def text(self) -> bytes:
        """What is signed: everything but the signature, in canonical form."""
        content = {key: value for key, value in self.document().items() if key != "signature"}
        return item.canonical({"apiVersion": API_VERSION, "kind": "Approval", **content}).encode()

    def document(self) -> dict[str, Any]:
        """JSON values."""
        return {
            **asdict(self),
            "target": dict(self.target),
            "rules": list(self.rules),
            "at": self.at.isoformat(),
            "expires": self.expires.isoformat(),
        }


def read(document: Mapping[str, Any]) -> Approval:
    """Raises ``ValueError``, ``KeyError`` or ``TypeError`` for what is none."""
    at, expires = (datetime.fromisoformat(document[key]) for key in ("at", "expires"))
    content = {**document, "rules": tuple(document["rules"]), "target": dict(document["target"])}
    return Approval(**{**content, "at": at.astimezone(UTC), "expires": expires.astimezone(UTC)})
