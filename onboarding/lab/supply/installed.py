"""Engines that are there already: on PATH in a fitting version, or in our own environment."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from importlib import metadata
from pathlib import Path

from onboarding.lab.supply import engine, plugin, version

_ASK_SECONDS = 20.0


def find(wanted: engine.Engine) -> tuple[str, Path] | None:
    """``("path" | "package", file)``; None where it is not installed, or does not fit."""
    if wanted.command is None:
        return None
    for candidate in [*_on_path(wanted.name), *plugin.installed(wanted)]:
        if fits(wanted, candidate):
            return "path", candidate
    packaged = _packaged(wanted)
    if packaged is not None and fits(wanted, packaged):
        return "package", packaged
    return None


def fits(wanted: engine.Engine, file: Path) -> bool:
    """Whether the command ``file``, asked for its version, may serve as ``wanted``."""
    command = wanted.command
    least = version.parse(command.least if command else wanted.version)
    found = reported(wanted, file)
    if command is None or least is None or found is None:
        return False
    return version.fits(found, least, command.fits)


def reported(wanted: engine.Engine, file: Path) -> version.Version | None:
    """The version that the command tells, None when it tells none or cannot be run."""
    if wanted.command is None:
        return None
    if not wanted.command.ask:
        return plugin.reported(file)
    try:
        answer = subprocess.run(
            [str(file), *wanted.command.ask],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ASK_SECONDS,
            check=False,
            env={**os.environ, "GOTOOLCHAIN": "local", "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode != 0:
        return None
    # Java and some others write their version to standard error.
    return version.parse(answer.stdout) or version.parse(answer.stderr)


def _on_path(name: str) -> list[Path]:
    # Commands of our own environment may be wrappers in Python: the file behind them is taken.
    own = Path(sysconfig.get_path("scripts")).resolve()
    found: list[Path] = []
    for part in os.get_exec_path():
        file = Path(part or ".") / name
        if not file.is_file() or not os.access(file, os.X_OK):
            continue
        if file.parent.resolve() != own and file.resolve() not in [one.resolve() for one in found]:
            found.append(file.absolute())
    return found


def _packaged(wanted: engine.Engine) -> Path | None:
    if wanted.package is None:
        return None
    try:
        distribution = metadata.distribution(wanted.package.distribution)
    except metadata.PackageNotFoundError:
        return None
    for file in distribution.files or ():
        if f"/{file.as_posix()}".endswith(f"/{wanted.package.file}"):
            path = Path(str(distribution.locate_file(file))).resolve()
            return path if os.access(path, os.X_OK) else None
    return None
