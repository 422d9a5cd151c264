"""What is wrong with a lab, and how to mend it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from onboarding import environment, errors
from onboarding.lab import (
    certificates,
    component,
    environment_file,
    ports,
    process,
    roster,
    runtime,
    standing,
)
from onboarding.lab import home as homes
from onboarding.lab.supply import engine, installed

_LOW_DISK_BYTES = 2 * 1024**3
_LOW_MEMORY_KIB = 1024 * 1024
_LOG_LINES = 8

_KNOWN_CAUSES = (
    (re.compile(r"address already in use", re.I), "its port is taken by another process"),
    (re.compile(r"no space left on device", re.I), "the disk is full"),
    (
        re.compile(r"certificate has expired|certificate is not yet valid", re.I),
        "a certificate is outside its dates, or the clock is wrong",
    ),
    (re.compile(r"OutOfMemoryError|cannot allocate memory", re.I), "it ran out of memory"),
    (re.compile(r"too many open files", re.I), "the limit of open files is too low (ulimit -n)"),
    (re.compile(r"UnsupportedClassVersionError", re.I), "the Java in use is too old"),
)
"""What the engines' own words mean."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong: with which part, what, how it shows, and what mends it."""

    part: str
    problem: str
    details: tuple[str, ...]
    remedy: str


def examine(home: homes.Home, now: datetime | None = None) -> tuple[Complaint, ...]:
    """Everything wrong with the lab; empty where all is well or the lab was stopped on purpose."""
    moment = now or datetime.now(UTC)
    if not home.exists():
        remedy = f"Run: onboard lab up --name {home.name}"
        return (Complaint("lab", f"there is no lab {home.name!r}", (str(home.root),), remedy),)
    try:
        lab = runtime.current(home)
        found = standing.of(home)
    except errors.OnboardError as error:
        return (Complaint("lab", error.message, error.details, error.resolution),)
    return (
        *_machine(home),
        *_clock_and_certificates(lab, moment),
        *_engines(lab),
        *(complaint for one in found for complaint in _component(lab, one)),
        *_credentials(lab, found, moment),
    )


def _machine(home: homes.Home) -> Iterator[Complaint]:
    free = shutil.disk_usage(home.root).free
    if free < _LOW_DISK_BYTES:
        yield Complaint(
            "computer",
            f"the disk has {free // 2**20} MiB free",
            (str(home.root),),
            "Free disk space; etcd and OpenBao refuse writes on a full disk.",
        )
    fields = dict(
        line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines() if ":" in line
    )
    available = int(fields["MemAvailable"].split()[0])
    if available < _LOW_MEMORY_KIB:
        yield Complaint(
            "computer",
            f"only {available // 1024} MiB of memory are free",
            ("the whole lab takes about 1.1 GiB",),
            "End other programs, or stop other labs with: onboard lab down --name NAME",
        )


def _clock_and_certificates(lab: component.Lab, now: datetime) -> Iterator[Complaint]:
    names = (*certificates.AUTHORITIES, *(leaf.name for leaf in certificates.leaves(real=lab.real)))
    for name in names:
        path = lab.certificate(name)
        try:
            begins, ends = certificates.begins(path), certificates.ends(path)
        except errors.OnboardError as error:
            yield Complaint("certificates", error.message, error.details, error.resolution)
            continue
        if now < begins - timedelta(minutes=1):
            yield Complaint(
                "clock",
                f"it is {now:%Y-%m-%d %H:%M} UTC, before {path.name} begins ({begins:%Y-%m-%d})",
                (),
                "Set the clock of this computer right.",
            )
            return
        if ends - certificates.RENEW_BEFORE < now:
            state = "ended" if ends < now else "ends"
            yield Complaint(
                "certificates",
                f"{path.name} {state} on {ends:%Y-%m-%d}",
                (str(path),),
                f"Run: onboard lab up --name {lab.home.name}    (it signs it anew)",
            )


def _engines(lab: component.Lab) -> Iterator[Complaint]:
    """Engines that are gone, or are no longer of a version that fits."""
    table = engine.load()
    for name in roster.engines(real=lab.real):
        path = lab.engines.get(name)
        if path is None or not path.exists():
            yield Complaint(
                name,
                "the engine is gone" if path else "the engine was never supplied",
                (str(path),) if path else (),
                "Run: onboard lab build    and then: onboard lab up",
            )
            continue
        if table[name].command and not installed.fits(table[name], path):
            found = installed.reported(table[name], path)
            yield Complaint(
                name,
                f"the lab runs version {found or 'unknown'}; {table[name].version} is wanted",
                (str(path),),
                f"Run: onboard lab up --name {lab.home.name}    (it restarts with a fitting one)",
            )


def _component(lab: component.Lab, one: standing.Standing) -> Iterator[Complaint]:
    up = f"Run: onboard lab up --name {lab.home.name}"
    log = lab.home.logs / f"{one.name}.log"
    if one.condition is standing.Condition.NOT_READY and not one.pid:
        see = f'eval "$(onboard lab env --name {lab.home.name})"; kubectl get pods -A'
        yield Complaint(one.name, "no pod of it serves", (one.why,), f"See: {see}")
    elif one.condition is standing.Condition.NOT_READY:
        yield Complaint(
            one.name,
            f"it runs (pid {one.pid}) but is not ready",
            (one.why, *process.tail(log, 3)),
            f"{up}    (it restarts what does not become ready)",
        )
    if one.condition is standing.Condition.DIED:
        lines = process.tail(log, _LOG_LINES)
        text = "\n".join(lines)
        cause = next((meaning for sign, meaning in _KNOWN_CAUSES if sign.search(text)), "")
        yield Complaint(
            one.name,
            f"it is not running{': ' + cause if cause else ''}",
            (*lines, f"log: {log}"),
            up,
        )
    if one.condition in (standing.Condition.DIED, standing.Condition.STOPPED):
        for port in one.ports:
            if not ports.is_free(port):
                yield Complaint(
                    one.name,
                    f"its port {port} is taken by {_listener(port)}",
                    (),
                    f"{up}    (it takes another port), or end that process",
                )


def _credentials(
    lab: component.Lab, found: tuple[standing.Standing, ...], now: datetime
) -> Iterator[Complaint]:
    if any(one.condition is standing.Condition.STOPPED for one in found):
        return
    up = f"Run: onboard lab up --name {lab.home.name}"
    try:
        why = environment_file.lacking(environment.load(lab.home.environment_file), now)
    except (errors.OnboardError, OSError) as error:
        yield Complaint("environment", "the environment file cannot be read", (str(error),), up)
        return
    if why:
        yield Complaint("environment", why, (str(lab.home.environment_file),), up)


def _listener(port: int) -> str:
    """Who listens on a port of this computer, as far as this user may see it."""
    wanted = f":{port:04X}"
    sockets = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            # 0A is the state LISTEN of include/net/tcp_states.h.
            if fields[1].endswith(wanted) and fields[3] == "0A":
                sockets.add(f"socket:[{fields[9]}]")
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and sockets & _open_sockets(entry):
            name = (entry / "comm").read_text().strip()
            return f"{name} (pid {entry.name})"
    return "another process"


def _open_sockets(entry: Path) -> set[str]:
    try:
        return {str(link.readlink()) for link in (entry / "fd").iterdir()}
    except OSError:
        return set()
