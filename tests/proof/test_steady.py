"""What a browser of these tests does not hear of."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.proof import steady


def test_a_steady_program_gets_no_socket_that_tells_of_interfaces_and_every_other() -> None:
    asks = "import socket as s; s.socket(); print('one'); s.socket(s.AF_NETLINK, s.SOCK_RAW)"
    ended = subprocess.run(
        [steady.__file__, "-c", asks],
        env={**os.environ, "STEADY_PROGRAM": sys.executable},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert ended.stdout == "one\n"
    assert "Address family not supported" in ended.stderr
