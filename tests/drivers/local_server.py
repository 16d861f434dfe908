"""A supervised fake server in a directory of its own, without Pulumi."""

from __future__ import annotations

import hashlib
from pathlib import Path

from doubles.provider_plugin import fake_server_command
from drivers.ports import free_port

from llmctl.infra.local.run_directory import ServerSpec
from llmctl.infra.local.server_command import ServerOptions
from llmctl.infra.local.server_process import ServerProcess


def never_cancelled() -> None:
    pass


class LocalServer:
    def __init__(self, directory: Path) -> None:
        self.process = ServerProcess(directory / "run")
        self.port = free_port()
        self._model = directory / "model.gguf"

    def spec(self, *manners: str, grace: float = 5, start_timeout: float = 20) -> ServerSpec:
        """A spec of a server with these manners (see model_server.py); other manners are another identity."""
        self._model.write_text("\n".join(["GGUF", *manners]))
        directory = self.process.directory
        options = ServerOptions(
            model_id="tiny",
            model_file=self._model,
            revision=None,
            hostname="127.0.0.1",
            port=self.port,
            api_key_file=directory.api_key_file,
            max_concurrent_requests=8,
            max_input_tokens=None,
            max_total_tokens=1024,
            slots=2,
            max_batch_prefill_tokens=512,
            threads=1,
            runtime_dir=directory.runtime,
        )
        return ServerSpec(
            command=fake_server_command(options),
            url=f"http://127.0.0.1:{self.port}",
            model="tiny",
            identity=hashlib.sha256("\n".join(manners).encode()).hexdigest(),
            grace=grace,
            start_timeout=start_timeout,
        )

    def start(self, spec: ServerSpec) -> bool:
        return self.process.start(spec, "the-key")

    def runs(self, *manners: str, grace: float = 5) -> None:
        """Start it and wait until it answers."""
        spec = self.spec(*manners, grace=grace)
        self.start(spec)
        self.process.wait_until_ready(spec, never_cancelled)
