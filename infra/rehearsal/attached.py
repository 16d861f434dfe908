"""A provider plugin that runs already when the Pulumi engine attaches to it."""

from __future__ import annotations

import json
import threading
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from llmctl.infra.rehearsal.engine import Engine


class AttachedPlugin(provider_pb2_grpc.ResourceProviderServicer):
    """The connection; one `pulumi` after another may attach. Methods that nobody needs stay unimplemented."""

    def __init__(self, package: str, version: str) -> None:
        self._package, self._version = package, version
        self._engine = Engine()
        self._cancelled = threading.Event()

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        self._attach(request.address)
        return empty_pb2.Empty()

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        self._attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def _attach(self, address: str) -> None:
        if self._engine.attach(address):
            self._cancelled.clear()
            self._attached()

    def _attached(self) -> None:
        """For what begins anew with another engine."""

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self._package, "version": self._version}))

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        self._cancelled.set()
        return empty_pb2.Empty()
