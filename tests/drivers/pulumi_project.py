"""A Pulumi project of one model server on the real Pulumi engine, with everything it writes in one directory."""

from __future__ import annotations

import json
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pulumi
import yaml
from doubles.provider_plugin import World
from drivers.ports import free_port
from pulumi import automation as auto
from pulumi.automation.events import EngineEvent

from llmctl.infra.local.model_server import ModelServer, ModelServerArgs
from llmctl.infra.local.server_process import ServerProcess


class PulumiProject:
    """`server` is the door to the process; `world` is what the plugin finds around it."""

    def __init__(self, root: Path, command: auto.PulumiCommand | None = None) -> None:
        self.root, self.work = root, root / "stacks"
        self.world = World(root / "world")
        self.models = root / "models"
        self.moves_to(root / "servers" / "main")
        self.events: list[EngineEvent] = []
        self._inputs: dict[str, Any] = {"model": "small.gguf", "port": free_port()}
        self._command = command
        for directory in (self.work, self.models, root / "state"):
            directory.mkdir(exist_ok=True)
        self.has_model("small.gguf")
        self.finds_its_plugin_in(self.world.launcher())
        self.stack = auto.create_or_select_stack("local", "demo", self._program, opts=self._options())

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PULUMI_BACKEND_URL": f"file://{self.root / 'state'}",
            "PULUMI_HOME": str(self.root / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "correct horse",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def has_model(self, name: str, *lines: str) -> Path:
        """A "model file" with the script of the fake server (see model_server.py)."""
        file = self.models / name
        file.write_text("\n".join(["GGUF", *lines]))
        return file

    def declares(self, **inputs: Any) -> None:
        """Change arguments of the resource; None takes one away."""
        self._inputs.update(inputs)

    def finds_its_plugin_in(self, directory: Path) -> None:
        """Name the directory in Pulumi.yaml, relative to it, as a project of a user does."""
        provider = {"name": "llmctl", "path": os.path.relpath(directory, self.work)}
        project = {"name": "demo", "runtime": "python", "plugins": {"providers": [provider]}}
        (self.work / "Pulumi.yaml").write_text(yaml.safe_dump(project))

    def moves_to(self, directory: Path) -> None:
        self.directory, self.server = directory, ServerProcess(directory)

    def up(self) -> dict[str, Any]:
        """Returns the exported outputs, secrets in clear."""
        outputs = self.stack.up(on_event=self.events.append).outputs
        return {name: output.value for name, output in outputs.items()}

    def preview(self) -> dict[str, int]:
        """How many resources (the stack is one of them) each operation is planned for."""
        summary = self.stack.preview(on_event=self.events.append).change_summary
        return {str(operation): count for operation, count in summary.items()}

    def up_in_the_background(self) -> Future[Any]:
        """The Pulumi CLI and its plugin can be found by `cli` and `plugins` meanwhile."""
        return ThreadPoolExecutor(1).submit(self.up)

    def cli(self) -> psutil.Process | None:
        return next(
            (p for p in psutil.Process().children(recursive=True) if p.name() == "pulumi" and "up" in p.cmdline()), None
        )

    def plugins(self) -> list[psutil.Process]:
        return [p for p in psutil.process_iter(["cmdline"]) if str(self.world.directory) in (p.info["cmdline"] or ())]

    def repair(self) -> None:
        """What llmctl does after a Pulumi CLI was killed: break its lock, drop the pending create, look again."""
        self.stack.cancel()
        self.stack.refresh(clear_pending_creates=True)

    def close(self) -> None:
        """End whatever still runs, also where the test failed half-way."""
        for plugin in self.plugins():
            plugin.kill()
        for directory in (self.root / "servers").glob("*"):
            ServerProcess(directory).stop(grace=0)

    def state(self) -> dict[str, Any]:
        """The resource as the state file has it."""
        deployment = self.stack.export_stack().deployment
        assert deployment is not None
        found: list[dict[str, Any]] = [
            r for r in deployment.get("resources", ()) if r["type"] == "llmctl:local:ModelServer"
        ]
        assert len(found) == 1, f"expected one model server, found {json.dumps(found)}"
        return found[0]

    def phases(self) -> list[str]:
        """What the plugin reported about the cold start, in order."""
        said = [e.diagnostic_event.message for e in self.events if e.diagnostic_event]
        return [text.strip() for text in said if text.startswith("phase=")]

    def _program(self) -> None:
        args = {
            "directory": str(self.directory),
            "base": str(self.models),
            "cache": str(self.root / "cache"),
            "hostname": "127.0.0.1",
            "max_concurrent_requests": 8,
            "max_total_tokens": 1024,
            "max_batch_size": 2,
            "max_batch_prefill_tokens": 512,
            "threads": 1,
            "graceful_termination_timeout": 5,
            **self._inputs,
        }
        server = ModelServer("main", ModelServerArgs(**args))
        for name in ModelServer.__annotations__:
            pulumi.export(name, getattr(server, name))

    def _options(self) -> auto.LocalWorkspaceOptions:
        return auto.LocalWorkspaceOptions(
            work_dir=str(self.work), env_vars=self.environment, pulumi_command=self._command
        )
