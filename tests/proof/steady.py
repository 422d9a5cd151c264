#!/usr/bin/env python3
"""Starts what the variable ``STEADY_PROGRAM`` names, deaf to the computer's network interfaces.

Chromium breaks off what it is loading (ERR_NETWORK_CHANGED) whenever any interface gets or loses an
address, also one that it does not use: that of a container, or of a lab's real node. Where the
kernel gives it no socket to hear of that (netlink), it takes the network for steady.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""What the kernel calls the machine, and the number of its call ``socket``."""
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EAFNOSUPPORT


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def without_netlink() -> None:
    """Refuse this process, and all it starts, sockets of that family alone; seccomp(2)."""
    machine, call = _MACHINES[platform.machine()]
    # Code, steps to skip where it is so and where not, operand; all are let through at the end.
    steps = (
        (_LOAD, 0, 0, 4),
        (_EQUAL, 0, 5, machine),
        (_LOAD, 0, 0, 0),
        (_EQUAL, 0, 3, call),
        (_LOAD, 0, 0, 16),
        (_EQUAL, 0, 1, socket.AF_NETLINK),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    )
    packed = b"".join(struct.pack("=HBBI", *step) for step in steps)
    kernel = ctypes.CDLL(None, use_errno=True)
    wanted = _Program(len(steps), packed)
    if kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or kernel.prctl(
        _SECCOMP, _FILTER, ctypes.byref(wanted), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter")


if __name__ == "__main__":
    without_netlink()
    program = os.environ["STEADY_PROGRAM"]
    os.execv(program, [program, *sys.argv[1:]])  # noqa: S606 - this process becomes the browser
