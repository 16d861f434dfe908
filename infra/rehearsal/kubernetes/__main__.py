"""`python -m llmctl.infra.rehearsal.kubernetes`: serve on a free loopback port, print it, end with the parent.

`--settle SECONDS`: how long the endpoints of a Service have to stay the same before it counts as ready.
"""

from __future__ import annotations

import argparse
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import urllib3
from pulumi.runtime.proto import provider_pb2_grpc
from urllib3.exceptions import InsecureRequestWarning

from llmctl.infra.process_id import ProcessId
from llmctl.infra.rehearsal.kubernetes.plugin import Plugin
from llmctl.infra.rehearsal.kubernetes.waiting import SETTLE_SECONDS

WORKERS = 64
"""Each waiting resource holds one; the engine works on all at once that do not depend on each other."""

PARENT_SECONDS = 0.5


def serve(settle: float) -> None:
    parent = ProcessId.of(os.getppid())
    urllib3.disable_warnings(InsecureRequestWarning)  # the kubeconfig says so, and the user wrote it
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Plugin(settle), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201  (this is how a plugin tells where it is)
    gone = threading.Event()
    while parent.alive() and os.getppid() == parent.pid:
        gone.wait(PARENT_SECONDS)
    # Not sys.exit: a create that waits in another thread must not keep the process.
    os._exit(0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m llmctl.infra.rehearsal.kubernetes")
    parser.add_argument("--settle", type=float, default=SETTLE_SECONDS)
    serve(parser.parse_args().settle)
