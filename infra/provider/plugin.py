"""The plugin process: gRPC in front of the resource, for as long as the Pulumi engine lives.

The generated servicer is used directly, not pulumi.provider.experimental: that one cannot marshal unknown
values, drops detailed diffs, the operation's timeout and `old_inputs`, and puts tracebacks into error messages.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from llmctl import __version__
from llmctl.infra.errors import InfraError
from llmctl.infra.provider.difference import PROCESS
from llmctl.infra.provider.inputs import SECRET_INPUTS, Failure
from llmctl.infra.provider.progress import Cancelled, Progress
from llmctl.infra.provider.properties import from_struct, to_struct
from llmctl.infra.provider.resource import ModelServerResource
from llmctl.infra.provider.schema import TYPE_TOKEN, schema
from llmctl.serving.errors import ServingError

ENGINE_ANSWER_SECONDS = 5.0


class Engine:
    """The Pulumi engine that started this plugin."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self._stub = engine_pb2_grpc.EngineStub(self._channel)

    def say(self, urn: str, message: str) -> None:
        """An ephemeral line of the resource: shown while it is worked on, kept nowhere."""
        request = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=message, urn=urn, ephemeral=True)
        # A display that is gone must not fail what it would have shown.
        with suppress(grpc.RpcError):
            self._stub.Log(request, timeout=ENGINE_ANSWER_SECONDS)

    def wait_until_gone(self) -> None:
        """Return when the engine has ended, however it did: its connection is the one thing that tells."""
        changes: queue.SimpleQueue[grpc.ChannelConnectivity] = queue.SimpleQueue()
        self._channel.subscribe(changes.put, try_to_connect=True)
        quiet = (grpc.ChannelConnectivity.READY, grpc.ChannelConnectivity.CONNECTING)
        while changes.get() in quiet or self._answers():
            pass

    def _answers(self) -> bool:
        try:
            self._stub.GetRootResource(engine_pb2.GetRootResourceRequest(), timeout=ENGINE_ANSWER_SECONDS)
        except grpc.RpcError as error:
            return error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
        return True


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """pulumirpc.ResourceProvider. Methods that a provider of one resource has no use for stay unimplemented."""

    def __init__(self, resource: ModelServerResource, engine: Engine) -> None:
        self._resource, self._engine = resource, engine
        self._cancelled = threading.Event()

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return plugin_pb2.PluginInfo(version=__version__)

    def GetSchema(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema(__version__)))

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        self._cancelled.set()
        return empty_pb2.Empty()

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        olds, news = from_struct(request.olds), from_struct(request.news)
        inputs, found = self._do(request, context, lambda: self._resource.check(request.urn, olds, news))
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=[_failure(f) for f in found])

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        olds, news = from_struct(request.old_inputs), from_struct(request.news)
        found = self._do(request, context, lambda: self._resource.diff(olds, news))
        changed = [*found.changed, *([PROCESS] if found.process else [])]
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found.any else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=found.replaces,
            # Old and new server want the same port.
            deleteBeforeReplace=True,
            hasDetailedDiff=True,
            detailedDiff={name: _detail(name, olds, news, name in found.replaces) for name in changed},
        )

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        news = from_struct(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=to_struct(self._resource.preview_create(news)))
        progress = self._progress(request)
        made = self._do(request, context, lambda: self._resource.create(news, progress, request.timeout))
        return provider_pb2.CreateResponse(id=news["directory"], properties=to_struct(made))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        olds = from_struct(request.properties)
        if "directory" not in olds:
            reason = "a model server cannot be imported; declare it and run `pulumi up`, which adopts a running one"
            context.abort(grpc.StatusCode.UNIMPLEMENTED, reason)
        found = self._do(request, context, lambda: self._resource.read(olds))
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, properties=to_struct(found), inputs=request.inputs)

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        olds, news = from_struct(request.olds), from_struct(request.news)
        old_inputs = from_struct(request.old_inputs)
        if request.preview:
            known = self._resource.preview_update(old_inputs, olds, news)
            return provider_pb2.UpdateResponse(properties=to_struct(known))
        progress = self._progress(request)
        made = self._do(
            request, context, lambda: self._resource.update(old_inputs, olds, news, progress, request.timeout)
        )
        return provider_pb2.UpdateResponse(properties=to_struct(made))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        olds = from_struct(request.properties)
        self._do(request, context, lambda: self._resource.delete(olds))
        return empty_pb2.Empty()

    def _progress(self, request: Any) -> Progress:
        return Progress(lambda message: self._engine.say(request.urn, message), self._cancelled.is_set)

    def _do(self, request: Any, context: Any, action: Callable[[], Any]) -> Any:
        """Run it; what was raised on purpose reaches the user as its message, anything else as its type."""
        if TYPE_TOKEN not in request.urn:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"this provider only knows {TYPE_TOKEN}")
        try:
            return action()
        except Cancelled as error:
            context.abort(grpc.StatusCode.CANCELLED, str(error))
        except (InfraError, ServingError) as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        except Exception as error:  # noqa: BLE001  (the last boundary before the engine)
            _abort_with_a_bug(context, error)


def _abort_with_a_bug(context: Any, error: Exception) -> NoReturn:
    # Not the text: nobody wrote it for the user, and it may hold what was being worked on.
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else "?"
    context.abort(grpc.StatusCode.INTERNAL, f"a fault in llmctl's provider: {type(error).__name__} at {place}")
    raise AssertionError("abort raises")


def _failure(failure: Failure) -> Any:
    # The Pulumi CLI shows the value of the property that a failure names, a secret's too.
    if failure.property in SECRET_INPUTS:
        return provider_pb2.CheckFailure(reason=f"{failure.property} {failure.reason}")
    return provider_pb2.CheckFailure(property=failure.property, reason=failure.reason)


def _detail(name: str, olds: Any, news: Any, replace: bool) -> Any:
    kinds = provider_pb2.PropertyDiff
    if name != PROCESS and name not in olds:
        kind = kinds.ADD_REPLACE if replace else kinds.ADD
    elif name != PROCESS and name not in news:
        kind = kinds.DELETE_REPLACE if replace else kinds.DELETE
    else:
        kind = kinds.UPDATE_REPLACE if replace else kinds.UPDATE
    return kinds(kind=kind, inputDiff=name != PROCESS)


def serve(engine_address: str, resource: ModelServerResource) -> None:
    """Serve on a free loopback port, print it, and end the process when the engine is gone."""
    engine = Engine(engine_address)
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Plugin(resource, engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201  (this is how a plugin tells the engine where it is)
    engine.wait_until_gone()
    # Not sys.exit: a create that waits in another thread must not keep the process. What it has started
    # is in its run directory, where the next create adopts it.
    sys.stderr.flush()
    os._exit(0)
