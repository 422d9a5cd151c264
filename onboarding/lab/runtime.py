"""A lab's life: up, down, reset. Each may be repeated, and each holds the lab's lock."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from concurrent import futures
from dataclasses import dataclass, replace
from pathlib import Path

from onboarding import errors, progress
from onboarding.lab import (
    certificates,
    component,
    environment_file,
    launch,
    plugins,
    ports,
    process,
    recovery,
    roster,
)
from onboarding.lab import home as homes
from onboarding.lab import state as states
from onboarding.lab.real import kubelet, serving, sweep

_LEAST_FREE_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Up:
    """What ``up`` did: components in the order they became ready, and the file it wrote."""

    ready: tuple[launch.Ready, ...]
    environment_file: Path
    bootstrapped: bool


def has_real_node(home: homes.Home) -> bool:
    """Whether the lab was given a real node when it was last brought up."""
    return states.load(home).real


def up(
    home: homes.Home,
    engines: Mapping[str, Path],
    report: progress.Progress,
    *,
    real: bool = False,
) -> Up:
    """Bring the lab up and set it up; what already runs as it should is left alone.

    ``engines`` are the executables and folders of ``roster.engines``; ``real``: with a real node.
    Raises ``errors.EngineFailed`` where a component does not start.
    """
    with homes.lock(home):
        _refuse_full_disk(home)
        homes.create(home)
        ledger = launch.Ledger(home, adopt(home, states.load(home)))
        lab = component.Lab(home, _ports(home, ledger.state), engines, real)
        certificates.ensure(home, addresses=(lab.host, kubelet.address(lab)) if real else ())
        ledger.change(
            lambda known: replace(
                known,
                ports=lab.ports,
                wanted=True,
                real=real,
                engines={name: str(path) for name, path in sorted(engines.items())},
            )
        )
        parts = roster.describe(lab)
        _stop(home, _unfit(parts, ledger.state), ledger, report)
        with report.step(f"Lab {home.name}: start the engines"):
            ready = launch.launch(lab, parts, ledger, report)
        if real:
            with report.step(f"Lab {home.name}: what serves on the real node"):
                serving.wait(lab, report)
        plugins.install(lab)
        with report.step(f"Lab {home.name}: environment"):
            bootstrapped = environment_file.complete(
                lab, report, unlock=lambda: recovery.unlock(lab, ledger, report)
            )
        return Up(ready, home.environment_file, bootstrapped)


def down(home: homes.Home, report: progress.Progress) -> tuple[str, ...]:
    """Stop exactly the lab's own processes and keep its data; returns what was stopped."""
    with homes.lock(home):
        if not home.exists():
            return ()
        ledger = launch.Ledger(home, adopt(home, states.load(home)))
        stopped = _stop(home, roster.EVERY, ledger, report)
        sweep.clear(home)
        ledger.change(lambda known: replace(known, wanted=False))
        return stopped


def reset(home: homes.Home, report: progress.Progress) -> None:
    """Stop the lab and delete everything it holds; works on a damaged lab as well."""
    with homes.lock(home):
        try:
            known = states.load(home)
        except errors.OnboardError:
            # Damaged: what runs is still found by the marker in its environment.
            known = states.State()
        if home.root.exists():
            homes.create(home)
            _stop(home, roster.EVERY, launch.Ledger(home, adopt(home, known)), report)
            sweep.clear(home)
            shutil.rmtree(home.root)


def current(home: homes.Home) -> component.Lab:
    """The lab as it was last brought up; raises ``errors.UsageError`` where it never was."""
    if not home.exists():
        raise errors.UsageError(
            f"there is no lab {home.name!r}",
            resolution=f"Run: onboard lab up --name {home.name}",
        )
    known = states.load(home)
    engines = {name: Path(path) for name, path in known.engines.items()}
    return component.Lab(home, known.ports, engines, known.real)


def adopt(home: homes.Home, state: states.State) -> states.State:
    """Forget processes that are gone, and find those a kill left unrecorded."""
    for name, started in state.started.items():
        if not process.alive(started.mark):
            state = state.without_process(name)
    for name, mark in process.labelled(launch.label(home, "")).items():
        if name not in state.started and name in roster.EVERY:
            # Without a digest it never fits what is wanted, so ``up`` restarts it.
            state = state.with_process(name, states.Started(mark, "", ""))
    return state


def _ports(home: homes.Home, state: states.State) -> dict[str, int]:
    running = {port for name in state.started for port in roster.PORTS.get(name, ())}
    wanted = [port for names in roster.PORTS.values() for port in names]
    return ports.choose(
        wanted,
        state.ports,
        seed=home.name,
        taken=_ports_of_others(home),
        in_use_by_us=running,
    )


def _ports_of_others(home: homes.Home) -> set[int]:
    taken: set[int] = set()
    for other in home.root.parent.glob("*/lab.json"):
        if other.parent != home.root:
            try:
                taken.update(
                    states.load(homes.Home(other.parent.name, other.parent)).ports.values()
                )
            except errors.OnboardError:
                continue
    return taken


def _stop(
    home: homes.Home, names: Collection[str], ledger: launch.Ledger, report: progress.Progress
) -> tuple[str, ...]:
    """Stop these components in waves, so that nothing loses what it leans on while it ends."""
    running = {name: one for name, one in ledger.state.started.items() if name in names}
    if not running:
        return ()
    stopped: list[str] = []
    with report.step(f"Lab {home.name}: stop"):
        for wave in roster.STOP_WAVES:
            present = [name for name in wave if name in running]
            with futures.ThreadPoolExecutor(max_workers=len(wave)) as pool:
                ends = [
                    pool.submit(process.stop, running[name].mark, roster.STOP_SECONDS[name])
                    for name in present
                ]
            for name, end in zip(present, ends, strict=True):
                end.result()
                ledger.record(name, None)
                report.note(f"{name}: stopped")
            stopped += present
    return tuple(stopped)


def _unfit(parts: tuple[component.Component, ...], state: states.State) -> set[str]:
    """Running components that are not what is wanted any more: another version, port or file."""
    return {
        part.name
        for part in parts
        if part.name in state.started and state.started[part.name].digest != part.digest()
    }


def _refuse_full_disk(home: homes.Home) -> None:
    folder = next(p for p in (home.root, *home.root.parents) if p.exists())
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE_BYTES:
        raise errors.OnboardError(
            f"the disk has {free // 2**20} MiB free, a lab needs {_LEAST_FREE_BYTES // 2**20}",
            details=[str(folder)],
            resolution="Free disk space, or set XDG_DATA_HOME to a folder on another disk.",
        )
