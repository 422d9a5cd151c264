"""A process that serves gRPC starts other programs, each of which must really start."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
from onboarding.engines.pulumi_stack import serving

serving.spare_forks()

from concurrent import futures

import grpc
import ptyprocess

server = grpc.server(futures.ThreadPoolExecutor(2))
server.add_insecure_port("127.0.0.1:0")
server.start()
for _ in range(60):
    child = ptyprocess.PtyProcess.spawn(["/bin/true"])
    child.wait()
    assert child.exitstatus == 0, (child.exitstatus, child.signalstatus)
server.stop(0)
"""


def test_no_child_is_lost_to_the_handlers_of_grpc() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "fork" not in done.stderr
