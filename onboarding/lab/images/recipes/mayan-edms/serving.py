"""Configuration of gunicorn: how the product is served, and that a changed secret is taken over."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

bind = "0.0.0.0:8000"
worker_class = "gthread"
threads = 16
# A worker reads the whole product before it first answers; and a request does all its work, so it
# may take as long as a letter of many pages needs.
timeout = 300
# And it is not cut off when the pod ends or a new secret brings new workers.
graceful_timeout = timeout
# A worker that ends would wait all that time for connections that only might ask once more.
keepalive = 0
worker_tmp_dir = "/dev/shm"  # noqa: S108 - memory of the pod's own
control_socket_disable = True

_POLL_SECONDS = 5
_READ_AT_START = (
    "MAYAN_CONFIGURATION_FILEPATH",
    "MAYAN_SECRET_KEY_FILE",
    "OIDC_CLIENT_SECRET_FILE",
)


def when_ready(server: Any) -> None:
    """Called by gunicorn in its first process, once."""
    threading.Thread(target=_watch, args=(server,), daemon=True).start()


def _watch(server: Any) -> None:
    """New workers read the new files; the old ones end with the requests that they have."""
    seen = _marks()
    while True:
        time.sleep(_POLL_SECONDS)
        now = _marks()
        if now != seen:
            seen = now
            server.log.info("a secret has changed: new workers")
            os.kill(os.getpid(), signal.SIGHUP)


def _marks() -> list[tuple[str, int, int]]:
    marks = []
    for name in _READ_AT_START:
        try:
            found = Path(os.environ[name]).stat()
        except (KeyError, OSError):
            continue
        marks.append((name, found.st_ino, found.st_mtime_ns))
    return marks
