"""What an engine itself says was written, counted without asking our own code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onboarding import environment

_CLUSTER_WRITES = {"create", "update", "patch", "delete", "deletecollection"}
# Questions, not writes: they persist nothing.
_CLUSTER_QUESTIONS = {
    "subjectaccessreviews",
    "selfsubjectaccessreviews",
    "localsubjectaccessreviews",
    "selfsubjectreviews",
    "tokenreviews",
    "serviceaccounts/token",
}
_VAULT_WRITES = {"create", "update", "patch", "delete"}
_VAULT_QUESTIONS = ("auth/approle/login", "auth/token/lookup", "auth/token/revoke-self")
_TOOL_ACCOUNTS = "system:serviceaccount:onboard-system:onboard-"


@dataclass(frozen=True, slots=True)
class Marks:
    """How far each log was read."""

    cluster: int
    vault: int
    keycloak: int


class Outside:
    """Reads the API server's audit log, OpenBao's audit log and Keycloak's admin events."""

    def __init__(self, lab: environment.Environment) -> None:
        self._lab = lab
        logs = environment.labs_folder() / lab.name / "logs"
        self._cluster = logs / "audit.log"
        self._vault = logs / "openbao-audit-1.log"

    def now(self) -> Marks:
        return Marks(
            self._cluster.stat().st_size, self._vault.stat().st_size, len(self._admin_events())
        )

    def writes_since(self, marks: Marks) -> list[str]:
        """Every write of the tool since then, as one line each."""
        return [
            *self._cluster_writes(marks.cluster),
            *self._vault_writes(marks.vault),
            *(f"keycloak {e}" for e in self._admin_events()[marks.keycloak :]),
        ]

    def requests_since(self, marks: Marks) -> dict[str, int]:
        """All requests of the tool since then, by system."""
        cluster = [e for e in _lines(self._cluster, marks.cluster) if _by_tool(e)]
        vault = [e for e in _lines(self._vault, marks.vault) if e["type"] == "request"]
        return {"cluster": len(cluster), "vault": len(vault)}

    def _cluster_writes(self, start: int) -> Iterator[str]:
        for event in _lines(self._cluster, start):
            if event["verb"] not in _CLUSTER_WRITES or not _by_tool(event):
                continue
            of = event.get("objectRef", {})
            resource = "/".join(filter(None, [of.get("resource"), of.get("subresource")]))
            if resource not in _CLUSTER_QUESTIONS:
                name = f"{of.get('namespace', '')}/{of.get('name', '')}"
                yield f"cluster {event['verb']} {resource} {name}"

    def _vault_writes(self, start: int) -> Iterator[str]:
        for event in _lines(self._vault, start):
            asked = event.get("request", {})
            path = str(asked.get("path", ""))
            if (
                event["type"] == "request"
                and asked.get("operation") in _VAULT_WRITES
                and not path.startswith(_VAULT_QUESTIONS)
            ):
                yield f"vault {asked['operation']} {path}"

    def _admin_events(self) -> list[str]:
        """Admin events of the shared realm and of agencies' own realms, oldest first."""
        from onboarding.identity import keycloak

        door = keycloak.connect(self._lab, environment.Role.BOOTSTRAP)
        found: list[dict[str, Any]] = []
        for realm in (self._lab.keycloak.shared_realm, "moph"):
            if door.exists(realm):
                found += door.get(realm, "admin-events", max="100000")
        found.sort(key=lambda e: (e["time"], e["operationType"]))
        return [f"{e['operationType']} {e.get('resourcePath', '')}" for e in found]


def _by_tool(event: dict[str, Any]) -> bool:
    return str(event.get("user", {}).get("username", "")).startswith(_TOOL_ACCOUNTS)


def _lines(path: Path, start: int) -> Iterator[dict[str, Any]]:
    with path.open("rb") as log:
        # A log that was begun anew would be read as if nothing had been written.
        assert log.seek(0, os.SEEK_END) >= start, f"{path} was rotated in between"
        log.seek(start)
        for line in log:
            if line.endswith(b"\n"):
                yield json.loads(line)
