"""Serving a program to Pulumi: the language host is our own process.

The SDK's server for inline programs (``pulumi.automation._server``) leaves its event loop open
and writes stack traces to the log when an update fails; this one ends quietly in either case,
and Pulumi itself says what failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from concurrent import futures
from typing import Any

Program = Callable[[], Awaitable[None] | None]

_THREADS = 4
_STOP = 5.0
_AGAIN = 0.2


def spare_forks() -> None:
    """To be called before gRPC is imported, which Pulumi's SDK does.

    Its handlers of fork() abort some of the children that this process starts later, such as
    Ansible. All of ours begin another program at once, and need no handler.
    """
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")


@contextlib.contextmanager
def served(program: Program) -> Iterator[int]:
    """Serve the program on a loopback port; yields the port."""
    import grpc
    from pulumi.runtime import _grpc_settings
    from pulumi.runtime.proto import language_pb2_grpc

    with futures.ThreadPoolExecutor(max_workers=_THREADS) as threads:
        server = grpc.server(threads, options=_grpc_settings._GRPC_CHANNEL_OPTIONS)
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_servicer(program), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield port
        finally:
            server.stop(0)
            server.wait_for_termination(_STOP)


def _servicer(program: Program) -> Any:
    from pulumi.runtime.proto import LanguageRuntimeServicer, language_pb2, plugin_pb2

    class Host(LanguageRuntimeServicer):
        """The four calls that an update makes to a language host."""

        def GetRequiredPlugins(self, request: Any, context: Any) -> Any:  # noqa: N802
            return language_pb2.GetRequiredPluginsResponse()

        def GetRequiredPackages(self, request: Any, context: Any) -> Any:  # noqa: N802
            return language_pb2.GetRequiredPackagesResponse()

        def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
            return plugin_pb2.PluginInfo()

        def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
            # The SDK keeps its settings in context variables: one set for each run.
            error = contextvars.copy_context().run(_run, program, request, context.add_callback)
            return language_pb2.RunResponse(error=error)

    return Host()


def _run(program: Program, request: Any, at_end_of_call: Callable[..., bool]) -> str:
    """Run the program against the engine that asks; returns "" or what went wrong.

    ``at_end_of_call`` takes what is to be called when Pulumi has left, and tells with False that
    it has left already. It is gRPC's own threads that call: a Ctrl-C, which the main thread hears,
    cannot get between Pulumi's end and the program's.
    """
    from pulumi import runtime

    runtime.reset_options(
        project=request.project,
        stack=request.stack,
        monitor_address=request.monitor_address,
        engine_address=request.args[0] if request.args else "",
        parallel=request.parallel,
        preview=request.dryRun,
        organization=request.organization or "organization",
    )
    # Tasks that nobody waits for any more would be reported one by one.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, __: None)
    workers = futures.ThreadPoolExecutor(max_workers=max(request.parallel, 1) * 4)
    loop.set_default_executor(workers)
    try:
        if at_end_of_call(lambda: _abandon(loop)):
            loop.run_until_complete(runtime.run_in_stack(program))
    except asyncio.CancelledError:
        return "the run was stopped"
    except Exception as problem:  # noqa: BLE001 - everything goes to the engine, which reports it
        return f"{type(problem).__name__}: {problem}"
    finally:
        _close(loop)
        workers.shutdown(wait=False, cancel_futures=True)
    return ""


def _abandon(loop: asyncio.AbstractEventLoop) -> None:
    """End a program that Pulumi left: it would wait for answers for ever.

    The SDK takes one cancellation for the end of the program alone, and then waits for its calls.
    """

    def cancel() -> None:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.call_later(_AGAIN, cancel)

    with contextlib.suppress(RuntimeError):  # it is closed: the program has ended by itself
        loop.call_soon_threadsafe(cancel)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    with contextlib.suppress(Exception):
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    loop.close()
