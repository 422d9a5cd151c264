"""How the image of Mayan EDMS serves: what was begun is ended, and nothing else is waited for."""

from __future__ import annotations

import http.client
import runpy
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding.lab.images import recipe
from onboarding.products.mayan import PRODUCT
from tests.contract.servers import mayan as real
from tests.contract.servers import tls

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_LONG = 36.0
"""Seconds of a request, longer than gunicorn waits for one unless it is told to."""
_SERVING = recipe.load()["mayan-edms"].recipe / "serving.py"
_PRODUCT = f"""
import time

def application(environ, start_response):
    long = environ["PATH_INFO"] == "/long"
    time.sleep({_LONG} if long else 0)
    start_response("200 OK", [("Content-Length", "4")])
    return [b"done"]
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Something slow in the product's place, served as the image serves."""
    real.install(real.VERSION)
    (tmp_path / "slow.py").write_text(_PRODUCT, encoding="utf-8")
    port = tls.free_port()
    words = [real.gunicorn(), "slow:application", "--config", str(_SERVING)]
    process = subprocess.Popen([*words, "--bind", f"127.0.0.1:{port}"], cwd=tmp_path)
    try:
        end = time.monotonic() + 60
        while True:
            try:
                assert _asked(http.client.HTTPConnection("127.0.0.1", port), "/") == b"done"
                break
            except ConnectionError:
                assert time.monotonic() < end
                time.sleep(0.2)
        yield process, port
    finally:
        process.kill()
        process.wait()


def _asked(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    return connection.getresponse().read()


def test_a_long_request_is_ended_and_an_idle_connection_is_not_waited_for(
    served: tuple[subprocess.Popen[bytes], int],
) -> None:
    process, port = served
    idle = http.client.HTTPConnection("127.0.0.1", port)
    assert _asked(idle, "/") == b"done"
    got: list[bytes] = []
    long = http.client.HTTPConnection("127.0.0.1", port)
    asking = threading.Thread(target=lambda: got.append(_asked(long, "/long")))
    asking.start()
    time.sleep(1.0)
    process.send_signal(signal.SIGTERM)
    asking.join(2 * _LONG)
    assert got == [b"done"]
    assert process.wait(15) == 0


def test_an_idle_connection_does_not_keep_a_pod_that_ends(
    served: tuple[subprocess.Popen[bytes], int],
) -> None:
    process, port = served
    idle = http.client.HTTPConnection("127.0.0.1", port)
    assert _asked(idle, "/") == b"done"
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0


def test_a_pod_waits_for_as_long_as_a_request_may_take() -> None:
    said = runpy.run_path(str(_SERVING))
    assert said["timeout"] == said["graceful_timeout"] == PRODUCT.pods.longest_seconds
