"""The Pulumi engine that works with the double at the moment, as far as it is told things."""

from __future__ import annotations

import threading
from contextlib import suppress

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

ANSWER_SECONDS = 5.0

SEVERITIES = {"info": engine_pb2.INFO, "warning": engine_pb2.WARNING}


class Engine:
    """Another one with every `pulumi` that attaches; the last one counts."""

    def __init__(self) -> None:
        self._stub: engine_pb2_grpc.EngineStub | None = None
        self._lock = threading.Lock()
        self._address = ""

    def attach(self, address: str) -> bool:
        """Whether it is another engine than before."""
        with self._lock:
            if not address or address == self._address:
                return False
            self._address = address
            self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
            return True

    def log(self, urn: str, severity: str, message: str, *, ephemeral: bool = False) -> None:
        """Ephemeral: a status line of the resource, shown while it is worked on."""
        request = engine_pb2.LogRequest(severity=SEVERITIES[severity], message=message, urn=urn, ephemeral=ephemeral)
        # A display that is gone must not fail what it would have shown.
        with suppress(grpc.RpcError):
            if self._stub:
                self._stub.Log(request, timeout=ANSWER_SECONDS)


class Teller:
    """The status lines of one resource, each said once, an empty one clears the display."""

    def __init__(self, engine: Engine, urn: str) -> None:
        self._engine, self._urn = engine, urn
        self._said: set[tuple[str, str]] = set()

    def __call__(self, severity: str, message: str) -> None:
        if (severity, message) not in self._said:
            self._said.add((severity, message))
            self._engine.log(self._urn, severity, message, ephemeral=True)
