from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc
import pytest
from pulumi.runtime.proto import LanguageRuntimeServicer, language_pb2, language_pb2_grpc

from llmctl.infra.deployment.workspace import keep_language_server_quiet


class _CutOff(LanguageRuntimeServicer):
    """Fails as the Automation API's language server does when it cannot tell a Pulumi CLI that is gone."""

    def Run(self, request: Any, context: Any) -> NoReturn:  # noqa: ARG002, N802  (gRPC's names)
        raise ConnectionError("failed to connect to all addresses")


@pytest.fixture
def program() -> Iterator[language_pb2_grpc.LanguageRuntimeStub]:
    server = grpc.server(ThreadPoolExecutor(1))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_CutOff(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield language_pb2_grpc.LanguageRuntimeStub(channel)
    server.stop(None).wait()


def test_a_program_whose_pulumi_cli_is_gone_logs_nothing(
    program: language_pb2_grpc.LanguageRuntimeStub, caplog: pytest.LogCaptureFixture
) -> None:
    keep_language_server_quiet()
    with pytest.raises(grpc.RpcError):
        program.Run(language_pb2.RunRequest())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
