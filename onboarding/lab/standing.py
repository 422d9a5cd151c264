"""How each component of a lab is doing right now; reads only, takes no lock."""

from __future__ import annotations

from concurrent import futures
from dataclasses import dataclass
from enum import StrEnum

from onboarding import errors
from onboarding.lab import component, launch, process, roster, runtime
from onboarding.lab import home as homes
from onboarding.lab import state as states
from onboarding.lab.real import serving


class Condition(StrEnum):
    READY = "ready"
    NOT_READY = "not ready"
    DIED = "died"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Standing:
    """One component. ``why`` says what it lacks; ``resident`` in bytes, ``uptime`` in seconds.

    What serves in pods has no process of ours, and so neither pid, memory nor uptime.
    """

    name: str
    condition: Condition
    why: str = ""
    pid: int = 0
    ports: tuple[int, ...] = ()
    resident: int = 0
    uptime: float = 0.0


def of(home: homes.Home) -> tuple[Standing, ...]:
    """Every component, asked side by side. Raises ``errors.UsageError`` where there is no lab."""
    lab = runtime.current(home)
    known = runtime.adopt(home, states.load(home))
    parts = roster.describe(lab)
    with futures.ThreadPoolExecutor(max_workers=len(parts)) as pool:
        found = tuple(pool.map(lambda part: _standing(part, lab, known), parts))
    if not lab.real:
        return found
    return found + tuple(_serving(one, lab, known) for one in serving.SERVICES)


def _standing(part: component.Component, lab: component.Lab, known: states.State) -> Standing:
    ports = tuple(lab.ports[name] for name in roster.PORTS[part.name])
    started = known.started.get(part.name)
    if started is None:
        condition = Condition.DIED if known.wanted else Condition.STOPPED
        return Standing(part.name, condition, ports=ports)
    why = launch.probe(part, lab)
    return Standing(
        part.name,
        Condition.NOT_READY if why else Condition.READY,
        why,
        started.mark.pid,
        ports,
        process.resident(started.mark),
        process.uptime(started.mark),
    )


def _serving(one: serving.Service, lab: component.Lab, known: states.State) -> Standing:
    if not known.wanted:
        return Standing(one.name, Condition.STOPPED)
    try:
        why = serving.lacks(lab, one)
    except errors.OnboardError as error:
        why = "; ".join(error.details) or error.message
    return Standing(one.name, Condition.NOT_READY if why else Condition.READY, why)
