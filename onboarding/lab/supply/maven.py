"""A Java distribution from Maven Central by an ordinary Maven client, held to a pinned SHA-256."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from onboarding import errors
from onboarding.lab.supply import build, cache, engine, release

_CHUNK = 1 << 20


def fetch(
    wanted: engine.Engine,
    artifact: engine.Artifact,
    folder: Path,
    stop: threading.Event,
    note: Callable[[str], None],
) -> float:
    """Puts the unpacked distribution into ``folder``; returns the CPU seconds that it took.

    Raises ``errors.EngineFailed`` where no client can fetch it or the checksum is another one.
    """
    into = folder / ".maven"
    into.mkdir()
    used = _run_clients(wanted, artifact, into, stop, note)
    files = [file for file in into.iterdir() if file.is_file()]
    if len(files) != 1:
        raise errors.EngineFailed(
            f"{wanted.name}: the Maven client left {len(files)} files instead of one",
            details=[f"full log: {cache.log_file(wanted)}"],
        )
    found = _sha256(files[0])
    if found != artifact.sha256:
        raise errors.EngineFailed(
            f"{wanted.name}: what the Maven client brought is not the pinned distribution",
            details=[f"{artifact.coordinates} has SHA-256 {found}, pinned is {artifact.sha256}"],
            resolution="Remove it from the local Maven repository and check the mirror in use.",
        )
    note("unpacking")
    try:
        release.unpack(wanted, files[0], folder, "")
    except release.NotHadError as error:
        raise errors.EngineFailed(f"{wanted.name}: {error}") from error
    shutil.rmtree(into)
    return used


def _run_clients(
    wanted: engine.Engine,
    artifact: engine.Artifact,
    into: Path,
    stop: threading.Event,
    note: Callable[[str], None],
) -> float:
    clients = _clients(artifact, into)
    if not clients:
        raise errors.EngineFailed(
            f"no Maven client to fetch {wanted.name} with",
            resolution=f"Run: {build.EXTRAS}   (or put mvn on PATH)",
        )
    failure: errors.EngineFailed | None = None
    for arguments in clients:
        note(f"fetching {artifact.coordinates}")
        try:
            return build.run(
                wanted.name, arguments, log=cache.log_file(wanted), stop=stop, folder=into
            )
        except errors.EngineFailed as error:
            failure = failure or error
            for left in into.iterdir():
                left.unlink()
    raise failure or errors.EngineFailed(f"{wanted.name} could not be fetched")


def _clients(artifact: engine.Artifact, into: Path) -> list[list[str]]:
    """Command lines to try, in order: mvn on PATH, then jgo of our own environment."""
    found: list[list[str]] = []
    mvn = shutil.which("mvn")
    if mvn is not None:
        goal = ["dependency:copy", f"-Dartifact={artifact.coordinates}"]
        found.append([mvn, "-B", "-ntp", *goal, f"-DoutputDirectory={into}"])
    if importlib.util.find_spec("jgo") is not None:
        program = "onboarding.lab.supply.jgo_copy"
        found.append([sys.executable, "-m", program, artifact.coordinates, str(into)])
    return found


def _sha256(file: Path) -> str:
    seal = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            seal.update(chunk)
    return seal.hexdigest()
