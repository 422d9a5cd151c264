"""Component: what the lab must know to start, watch and stop one of its engines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from onboarding import errors
from onboarding.lab import certificates, wire
from onboarding.lab import home as homes
from onboarding.lab import ports as ports_module
from onboarding.lab.real import place

_LOOPBACK = ports_module.ADDRESS


@dataclass(frozen=True, slots=True)
class Lab:
    """Everything a component's description is a function of."""

    home: homes.Home
    ports: Mapping[str, int]
    engines: Mapping[str, Path]
    real: bool = False
    """Whether a real node stands beside the simulated ones."""

    @property
    def host(self) -> str:
        """Where the engines are reached, by pods on the real node, too, where there is one."""
        return str(place.network(self.ports["apiserver"]).computer if self.real else _LOOPBACK)

    def url(self, port: str, path: str = "", host: str = _LOOPBACK) -> str:
        return f"https://{host}:{self.ports[port]}{path}"

    def certificate(self, name: str) -> Path:
        return certificates.certificate_path(self.home, name)

    def key(self, name: str) -> Path:
        return certificates.key_path(self.home, name)

    def trust(self, authority: str = "ca", client: str = "") -> wire.Trust:
        """Believe one of the lab's authorities; come as one of its client certificates."""
        if not client:
            return wire.Trust(self.certificate(authority))
        return wire.Trust(self.certificate(authority), self.certificate(client), self.key(client))


Probe = Callable[[Lab], str]
"""Why a component is not ready; "" where it is."""


@dataclass(frozen=True, slots=True)
class Component:
    """How one engine of the lab runs.

    ``files`` are written before the start; together with ``argv``, ``environ`` and the content
    of ``reads`` they decide whether a running process still fits what is wanted.
    ``after`` names the components that must be ready before; the order of stopping is its
    reverse. ``prepare`` makes what must be there before the start and is idempotent;
    ``clear`` runs just before a process is started and removes what the one before it left;
    ``settle`` does what can only be done once it answers, also idempotently.
    """

    name: str
    argv: tuple[str, ...]
    ready: Probe
    files: Mapping[Path, str] = field(default_factory=dict)
    reads: tuple[Path, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    start_seconds: float = 60
    prepare: Callable[[Lab], None] | None = None
    clear: Callable[[Lab], None] | None = None
    settle: Callable[[Lab], None] | None = None

    def digest(self) -> str:
        """SHA-256 over all that a restart would be needed for."""
        content = {
            "argv": self.argv,
            "environ": dict(self.environ),
            "files": {str(path): text for path, text in self.files.items()},
            "reads": {str(p): _file_digest(p) for p in self.reads},
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def answers(url: str, trust: wire.Trust, *, expected: int = 200, timeout: float = 3) -> str:
    """A probe's body: "" where ``url`` answers with the expected status, else what came instead."""
    try:
        answer = wire.request("GET", url, trust, timeout=timeout)
    except errors.Unreachable as error:
        return "; ".join(error.details) or error.message
    if answer.status == expected:
        return ""
    return f"answers {answer.status}: {answer.body[:200].decode(errors='replace').strip()}"
