"""The gate: through it the real node reaches the lab's engines, which listen on loopback only.

It listens on the computer's end of the link to the node, so nobody else can come to it, and
hands each connection through to the same port of loopback. What is encrypted stays so.
A process of its own: ``python -m onboarding.lab.real.gate ADDRESS PORT...``
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import onboarding
from onboarding.lab import apiserver, component
from onboarding.lab import ports as ports_module
from onboarding.lab.real import node, objects

NAME = "gate"
PORTS: tuple[str, ...] = ()
_OPEN = ("apiserver", "keycloak", "openbao")
_CHUNK = 64 * 1024
_CONNECT_SECONDS = 10


def describe(lab: component.Lab) -> component.Component:
    open_ports = [str(lab.ports[name]) for name in _OPEN]
    return component.Component(
        name=NAME,
        argv=(sys.executable, "-m", "onboarding.lab.real.gate", lab.host, *open_ports),
        environ={
            "PYTHONPATH": str(Path(onboarding.__file__).parent.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        reads=(Path(__file__),),
        ready=_ready,
        after=(node.NAME, apiserver.NAME),
        settle=objects.settle,
    )


def _ready(lab: component.Lab) -> str:
    port = lab.ports[_OPEN[0]]
    return "it does not listen yet" if ports_module.is_free(port, lab.host) else ""


async def serve(address: str, ports: list[int]) -> None:
    """Hand connections through until cancelled."""
    async with contextlib.AsyncExitStack() as gates:
        for port in ports:
            opened = await asyncio.start_server(_handler(port), address, port)
            await gates.enter_async_context(opened)
        await asyncio.Event().wait()


def _handler(
    port: int,
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            opened = asyncio.open_connection(ports_module.ADDRESS, port)
            there, onward = await asyncio.wait_for(opened, _CONNECT_SECONDS)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, onward), _copy(there, writer))
        for end in (onward, writer):
            end.close()

    return meet


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(_CHUNK):
            target.write(chunk)
            await target.drain()
        target.write_eof()
    except OSError:
        # One side broke off; the other learns it by the end of its own stream.
        target.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], [int(port) for port in sys.argv[2:]]))
