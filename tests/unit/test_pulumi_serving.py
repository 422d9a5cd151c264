"""A program that is served to Pulumi ends when Pulumi does, whatever our own process does then."""

from __future__ import annotations

import asyncio
import threading
from concurrent import futures

from onboarding.engines.pulumi_stack import serving

serving.spare_forks()

import grpc  # noqa: E402 - only after that
from pulumi.runtime.proto import (  # noqa: E402
    language_pb2,
    language_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

SECONDS = 20.0


class Silent(resource_pb2_grpc.ResourceMonitorServicer):
    """Pulumi's side of an update: it knows every feature, and never ends the update."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def SupportsFeature(
        self, request: object, context: object
    ) -> resource_pb2.SupportsFeatureResponse:
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def RegisterResource(
        self, request: object, context: object
    ) -> resource_pb2.RegisterResourceResponse:
        self.ended.wait(SECONDS)
        return resource_pb2.RegisterResourceResponse()


def test_a_program_ends_with_the_call_of_pulumi_before_its_server_is_taken_down() -> None:
    begun, left = threading.Event(), threading.Event()
    silent = Silent()

    async def waiting() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            # As the SDK does: it goes on to wait for what is under way.
            await asyncio.sleep(SECONDS)
        finally:
            left.set()

    monitor = grpc.server(futures.ThreadPoolExecutor(4))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(silent, monitor)
    monitor_port = monitor.add_insecure_port("127.0.0.1:0")
    monitor.start()
    try:
        with (
            serving.served(waiting) as port,
            grpc.insecure_channel(f"127.0.0.1:{port}") as channel,
        ):
            pulumi = language_pb2_grpc.LanguageRuntimeStub(channel)
            call = pulumi.Run.future(
                language_pb2.RunRequest(
                    project="p", stack="s", parallel=1, monitor_address=f"127.0.0.1:{monitor_port}"
                )
            )
            assert begun.wait(SECONDS)
            call.cancel()
            assert left.wait(SECONDS / 2)
    finally:
        silent.ended.set()
        monitor.stop(0)
