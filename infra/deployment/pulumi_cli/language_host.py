"""The Python language host for a Pulumi CLI that llmctl built itself.

Plain `pulumi up` needs a program called `pulumi-language-python`. Official releases bring theirs; a CLI built from
its Go module has none. This one runs `__main__.py` of the project inside itself, by the SDK's own language server.
"""

from __future__ import annotations

import importlib.metadata
import os
import runpy
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

PARENT_CHECK_S = 1.0
"""How long this process may outlive a Pulumi engine that was killed."""


class ProgramHost(LanguageServer):
    """The SDK's server for inline programs, completed by what the Pulumi engine asks a host that it starts itself."""

    def __init__(self, engine_address: str) -> None:
        super().__init__(program=_no_program_yet)
        self._engine_address = engine_address

    def Handshake(self, _request: Any, _context: Any) -> Any:  # noqa: N802  (the names are gRPC's)
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def InstallDependencies(self, _request: Any, _context: Any) -> Iterator[Any]:  # noqa: N802
        """llmctl's own environment is the program's environment, so there is nothing to install."""
        yield language_pb2.InstallDependenciesResponse(stdout=b"The program runs in llmctl's own Python environment.\n")

    def RuntimeOptionsPrompts(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return language_pb2.RuntimeOptionsResponse()

    def Template(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return language_pb2.TemplateResponse()

    def GetProgramDependencies(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        installed = {(d.metadata["Name"], d.version) for d in importlib.metadata.distributions()}
        named = [language_pb2.DependencyInfo(name=name, version=version) for name, version in sorted(installed)]
        return language_pb2.GetProgramDependenciesResponse(dependencies=named)

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        # The SDK's server takes the engine's address from the program's arguments; the engine gives it to the host.
        del request.args[:]
        request.args.append(self._engine_address)
        directory = Path(request.info.program_directory or request.pwd)
        self.program = lambda: _run_project(directory, request.info.entry_point or ".")
        result = super().Run(request, context)  # type: ignore[no-untyped-call]
        # The SDK's server has already logged the traceback; an error in the result would show it a second time.
        return language_pb2.RunResponse(bail=True) if result.error else result


def _no_program_yet() -> None:
    raise RuntimeError("the Pulumi engine has not said which program to run")


def _run_project(directory: Path, entry_point: str) -> None:
    os.chdir(directory)
    sys.path.insert(0, str(directory))
    runpy.run_path(str(directory / entry_point), run_name="__main__")


def main() -> None:
    """Serve until the Pulumi engine ends this process; its address is the last argument."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=_GRPC_CHANNEL_OPTIONS)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(ProgramHost(sys.argv[-1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    signal.signal(signal.SIGINT, lambda *_: server.stop(grace=0))  # how the engine says goodbye
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    engine = os.getppid()
    while server.wait_for_termination(timeout=PARENT_CHECK_S):
        if os.getppid() != engine:  # killed: nobody is left to say goodbye, and a running program must not hold us
            os._exit(1)


if __name__ == "__main__":
    main()
