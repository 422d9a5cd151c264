"""A real S3 server of a test's own (versitygw), built once and kept in the user's cache."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from onboarding import progress
from onboarding.lab import supply
from onboarding.lab.supply import engine
from tests.contract.servers import tls

BUCKET = "onboard-state"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server with one bucket; ``credentials`` is a file as AWS has it."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int
    ca: Path
    credentials: Path

    def url(self, prefix: str) -> str:
        return f"s3://{BUCKET}/{prefix}?endpoint=https://127.0.0.1:{self.port}&region=us-east-1"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def start(folder: Path) -> Server:
    table = engine.load(Path(__file__).parent / "engines.yaml", folder / "no-such-file.yaml")
    program = supply.ensure(["versitygw"], progress.Silent(), table)["versitygw"]
    ca, key = tls.write(folder)
    (folder / "root" / BUCKET).mkdir(parents=True)
    user, secret = secrets.token_hex(8), secrets.token_urlsafe(24)
    credentials = tls.private(
        folder / "credentials",
        f"[default]\naws_access_key_id = {user}\naws_secret_access_key = {secret}\n",
    )
    port = tls.free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(program), "--port", f"127.0.0.1:{port}", "--cert", str(ca), "--key", str(key),
                "posix", str(folder / "root"),
            ],
            stdout=log, stderr=log,
            env={**os.environ, "ROOT_ACCESS_KEY": user, "ROOT_SECRET_KEY": secret},
        )  # fmt: skip
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            if time.monotonic() > deadline or process.poll() is not None:
                raise
            time.sleep(0.1)
    return Server(process, folder, port, ca, credentials)
