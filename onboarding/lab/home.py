"""Where a lab keeps its files, and the lock that lets one command at a time change it."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from onboarding import environment, errors, whole_file

DEFAULT_NAME = "default"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one lab; only its owner may look inside (0700)."""

    name: str
    root: Path

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def credentials(self) -> Path:
        return self.root / "credentials"

    @property
    def state_file(self) -> Path:
        return self.root / "lab.json"

    @property
    def environment_file(self) -> Path:
        return self.root / "onboard.yaml"

    @property
    def pulumi(self) -> Path:
        return self.root / "pulumi"

    @property
    def store(self) -> Path:
        return self.root / "state"

    @property
    def lock_file(self) -> Path:
        """Beside the folder, so that it outlives ``reset``."""
        return self.root.parent / f"{self.name}.lock"

    def data(self, component: str) -> Path:
        return self.root / "data" / component

    def exists(self) -> bool:
        return self.state_file.is_file()


def locate(name: str) -> Home:
    """The home of the lab ``name``; nothing is created.

    Raises ``errors.UsageError`` for a name that is not a plain DNS label.
    """
    if not _NAME.fullmatch(name):
        raise errors.UsageError(
            f"{name!r} cannot be the name of a lab",
            resolution="Use lower-case letters, digits and hyphens, at most 32 characters.",
        )
    return Home(name, environment.labs_folder() / name)


def create(home: Home) -> None:
    """Make the folders; raises ``errors.OnboardError`` where they cannot be made."""
    folders = (
        home.root,
        home.pki,
        home.config,
        home.logs,
        home.credentials,
        home.store,
        home.pulumi,
        home.root / "data",
    )
    try:
        for folder in folders:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
    except OSError as error:
        raise errors.OnboardError(
            f"the folder of the lab {home.name!r} cannot be made",
            details=[str(error)],
            resolution="Free the disk or set XDG_DATA_HOME to a folder you may write to.",
        ) from error


@contextmanager
def lock(home: Home) -> Iterator[None]:
    """Hold the lab for this process; a second command waits until the first has ended."""
    home.lock_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(home.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def write(path: Path, text: str | bytes, mode: int = 0o600) -> bool:
    """Write a file whole or not at all; True where its content changed."""
    content = text.encode() if isinstance(text, str) else text
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        whole_file.put(path, content, mode)
    except OSError as error:
        raise errors.OnboardError(
            f"cannot write {path}",
            details=[str(error)],
            resolution="Free disk space or mend the rights of the folder, then run it again.",
        ) from error
    return True
