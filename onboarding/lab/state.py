"""The lab's state file: its ports and the processes it started."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from onboarding import errors
from onboarding.lab import home as homes
from onboarding.lab import process

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Started:
    """A process that was started: who it is, from which description, and since when (RFC 3339)."""

    mark: process.Mark
    digest: str
    at: str


@dataclass(frozen=True, slots=True)
class State:
    """What a lab remembers between commands."""

    ports: Mapping[str, int] = field(default_factory=dict)
    engines: Mapping[str, str] = field(default_factory=dict)
    started: Mapping[str, Started] = field(default_factory=dict)
    wanted: bool = False
    """True between ``up`` and ``down``: what is not running then has died."""
    real: bool = False
    """Whether the lab has a real node; it keeps it until ``reset``."""

    def with_process(self, name: str, started: Started) -> State:
        return replace(self, started={**self.started, name: started})

    def without_process(self, name: str) -> State:
        return replace(self, started={k: v for k, v in self.started.items() if k != name})


def load(home: homes.Home) -> State:
    """Read the state file; an empty state where there is none.

    Raises ``errors.OnboardError`` where the file is damaged or of a newer format.
    """
    try:
        content = json.loads(home.state_file.read_text())
    except FileNotFoundError:
        return State()
    except (OSError, ValueError) as error:
        raise _damaged(home, str(error)) from error
    try:
        if content["format"] != FORMAT:
            raise _damaged(home, f"format {content['format']} is not {FORMAT}")
        return State(
            ports=content["ports"],
            engines=content["engines"],
            started={name: _started(entry) for name, entry in content["started"].items()},
            wanted=content["wanted"],
            real=content.get("real", False),
        )
    except (KeyError, TypeError) as error:
        raise _damaged(home, f"lacks or misuses {error}") from error


def save(home: homes.Home, state: State) -> None:
    content = {
        "format": FORMAT,
        "name": home.name,
        "wanted": state.wanted,
        "real": state.real,
        "ports": dict(state.ports),
        "engines": dict(state.engines),
        "started": {name: asdict(entry) for name, entry in state.started.items()},
    }
    homes.write(home.state_file, json.dumps(content, indent=2) + "\n")


def _started(entry: dict[str, Any]) -> Started:
    return Started(process.Mark(**entry["mark"]), entry["digest"], entry["at"])


def _damaged(home: homes.Home, why: str) -> errors.OnboardError:
    return errors.OnboardError(
        f"the state file of the lab {home.name!r} cannot be used",
        details=[f"{home.state_file}: {why}"],
        resolution=f"Run: onboard lab reset --name {home.name}",
    )
