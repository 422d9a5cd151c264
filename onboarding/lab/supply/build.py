"""An engine built from its pinned, checksummed Go module."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from onboarding import errors
from onboarding.lab.supply import cache, engine, installed, process

EXTRAS = "pip install 'gdcc-onboarding[lab]'"
_OTHER_TARGETS = ("GOOS", "GOARCH", "GOEXPERIMENT", "GOBIN", "GOFLAGS", "GOWORK")
_FULL = ("no space left on device", "disk quota exceeded")
_TAIL_LINES = 15


def build(
    wanted: engine.Engine,
    source: engine.Build,
    compiler: engine.Engine,
    folder: Path,
    stop: threading.Event,
    note: Callable[[str], None],
) -> float:
    """Puts the binary into ``folder``; returns the CPU seconds that it took.

    What Go has compiled and downloaded before is used again, so an interrupted build goes on.
    Raises ``errors.EngineFailed`` with the last lines, ``errors.Interrupted`` when stopped.
    """
    go = find_go(compiler)
    recipe = copy_recipe(source, folder / ".recipe")
    note("building from its Go module")
    log = cache.log_file(wanted)
    arguments = [
        str(go), "build", *source.arguments(), "-o", str(folder / wanted.name), source.target,
    ]  # fmt: skip
    used = run(wanted.name, arguments, log=log, stop=stop, folder=recipe)
    shutil.rmtree(recipe)
    return used


def prefetch(
    wanted: Sequence[engine.Engine], compiler: engine.Engine, stop: threading.Event
) -> None:
    """Downloads the modules of builds to come while others compile; what fails, the build tells."""
    for one in wanted:
        if one.build is None or stop.is_set():
            continue
        log = cache.root() / "logs" / f"{one.name}-{one.version}.modules.log"
        work = cache.root() / "engines" / ".work" / f"modules-{os.getpid()}"
        try:
            recipe = copy_recipe(one.build, work)
            listing = ["list", "-deps", "-f", "{{.Name}}", *one.build.arguments(), one.build.target]
            arguments = [str(find_go(compiler)), *listing]
            process.run(arguments, log=log, stop=stop, environment=environment(), folder=recipe)
            log.unlink()
        except (OSError, errors.OnboardError):
            return
        finally:
            shutil.rmtree(work, ignore_errors=True)


def find_go(compiler: engine.Engine) -> Path:
    """A ``go`` new enough. Raises ``errors.EngineFailed`` with the way to get one."""
    found = installed.find(compiler)
    if found is None:
        raise errors.EngineFailed(
            f"no Go {compiler.version} or newer to build the engines with",
            resolution=f"Run: {EXTRAS}   (or put a newer go on PATH)",
        )
    return found[1]


def copy_recipe(source: engine.Build, folder: Path) -> Path:
    """A writable copy of the recipe: where the tool is installed may be read-only."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in source.files():
        copy = folder / file.relative_to(source.recipe)
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(file, copy)
    return folder


def environment() -> dict[str, str]:
    """The user's environment, with what decides the binary set by us.

    Proxies, mirrors and credentials of Go's client stay as the user has them.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _OTHER_TARGETS}
    return {
        **kept,
        **cache.go_folders(),
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
        "GOWORK": "off",
        "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
    }


def run(
    name: str, arguments: Sequence[str], *, log: Path, stop: threading.Event, folder: Path
) -> float:
    """Runs one step for the engine ``name``; CPU seconds used.

    Raises ``errors.EngineFailed`` naming the step, its last lines and the log.
    """
    start = log.stat().st_size if log.exists() else 0
    ended = process.run(arguments, log=log, stop=stop, environment=environment(), folder=folder)
    if ended.status == 0:
        return ended.cpu_seconds
    told = process.output(log, start)
    if any(sign in told.lower() for sign in _FULL):
        raise cache.full(name)
    step = " ".join([Path(arguments[0]).name, arguments[1]])
    raise errors.EngineFailed(
        f"{name}: the step '{step}' failed with status {ended.status}",
        details=[*told.splitlines()[-_TAIL_LINES:], f"full log: {log}"],
        resolution="Mend what the last lines say and run the same command again; "
        "what is done is kept.",
    )
