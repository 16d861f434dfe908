"""Serve doubles of provider plugins on free loopback ports, until the parent ends."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from llmctl.infra.process_id import ProcessId

WORKERS = 64
"""Each waiting resource holds one; the engine works on all at once that do not depend on each other."""

PARENT_SECONDS = 0.5


def serve(doubles: Mapping[str, provider_pb2_grpc.ResourceProviderServicer]) -> None:
    """doubles: by the name of their package. Prints `PACKAGE:PORT,...`, and does not return."""
    parent = ProcessId.of(os.getppid())
    served = ",".join(f"{package}:{_start(double)}" for package, double in doubles.items())
    print(served, flush=True)  # noqa: T201  (this is how a plugin tells where it is)
    gone = threading.Event()
    while parent.alive() and os.getppid() == parent.pid:
        gone.wait(PARENT_SECONDS)
    # Not sys.exit: a create that waits in another thread must not keep the process.
    os._exit(0)


_servers: list[grpc.Server] = []
"""gRPC ends a server that nobody holds any more."""


def _start(double: provider_pb2_grpc.ResourceProviderServicer) -> int:
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(double, server)
    port: int = server.add_insecure_port("127.0.0.1:0")
    server.start()
    _servers.append(server)
    return port
