"""Images unpacked into folders, and their programs run there as in a pod: no rights, no names."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tarfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onboarding import progress
from onboarding.lab import images

_USER = 1000
_ANSWER_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The root of an image, layer upon layer, and its configuration."""

    root: Path
    config: Mapping[str, Any]

    def writable(self, *folders: str) -> None:
        """What a pod has as volumes."""
        for name in ("dev/shm", *folders):
            (self.root / name).mkdir(parents=True, exist_ok=True)
            os.chown(self.root / name, _USER, _USER)

    def command(self, arguments: Sequence[str] = (), **variables: str) -> list[str]:
        """The image's own command, or another, as user 1000 in the image's environment."""
        given = [f"{name}={value}" for name, value in variables.items()]
        user = ["--reuid", str(_USER), "--regid", str(_USER), "--clear-groups", "--no-new-privs"]
        words = [*self.config["Env"], *given, *(arguments or self.config["Cmd"])]
        return ["chroot", str(self.root), "/usr/bin/setpriv", *user, "env", "-i", *words]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = self.command(arguments, **variables)
        return subprocess.run(command, capture_output=True, text=True, check=False)


def unpacked(name: str, folder: Path) -> Unpacked:
    """Make the image where it is not there yet, and unpack it below ``folder``."""
    (made,) = images.ensure([name], progress.Silent())
    assert made.archive is not None
    root = folder / name
    root.mkdir()
    with tarfile.open(made.archive) as archive:

        def member(path: str) -> bytes:
            content = archive.extractfile(path)
            assert content is not None
            return content.read()

        def blob(digest: str) -> bytes:
            return member(f"blobs/sha256/{digest.removeprefix('sha256:')}")

        (entry,) = json.loads(member("index.json"))["manifests"]
        assert entry["digest"] == made.digest
        manifest = json.loads(blob(entry["digest"]))
        for layer in manifest["layers"]:
            into = ["tar", "-xzpf", "-", "-C", str(root)]
            subprocess.run(into, input=blob(layer["digest"]), check=True)
        return Unpacked(root, json.loads(blob(manifest["config"]["digest"]))["config"])


def database(of: Unpacked, port: int, password: str) -> subprocess.Popen[bytes]:
    """PostgreSQL as its image starts it."""
    (of.root / "secrets/password").write_text(password)
    settings = {
        "PGDATA": "/data/database",
        "POSTGRES_DB": "eoffice",
        "POSTGRES_USER": "eoffice",
        "POSTGRES_PASSWORD_FILE": "/secrets/password",
        "PGPORT": str(port),
    }
    return subprocess.Popen(of.command(**settings))


def ask(of: Unpacked, port: int, password: str, sql: str) -> subprocess.CompletedProcess[str]:
    """A statement over the network, as the one user of the database."""
    where = ["-h", "127.0.0.1", "-p", str(port), "-U", "eoffice", "-d", "eoffice"]
    return of.run("psql", *where, "-Atc", sql, PGPASSWORD=password)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def until(what: str, true: Callable[[], bool]) -> None:
    """Wait until something is true, fail when it takes too long."""
    deadline = time.monotonic() + _ANSWER_SECONDS
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {_ANSWER_SECONDS:.0f} s")
        time.sleep(1)
