"""The provider plugin with the rest of the world replaced: `provider_plugin.py WORLD ENGINE_ADDRESS`.

WORLD is a directory that the test writes to while the plugin runs (see `World`).
"""

from __future__ import annotations

import hashlib
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from llmctl.infra.local.server_command import ServerOptions, server_command
from llmctl.infra.provider.outside import Outside
from llmctl.infra.provider.plugin import serve
from llmctl.infra.provider.resource import ModelServerResource
from llmctl.serving.errors import EndpointError, ModelDamaged
from llmctl.serving.models.disk import resolve_on_disk
from llmctl.serving.models.model_file import ModelFile

SERVER = Path(__file__).with_name("model_server.py")


class World:
    """What the plugin finds around it. Model ids that start with `hub/` are remote, all others are paths."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(exist_ok=True)

    def has_memory(self, size: int) -> None:
        (self.directory / "memory").write_text(str(size))

    def publishes(self, model: str, revision: str, *lines: str) -> None:
        """The Hub's newest commit of that model, with the script of the fake server."""
        file = self.directory / model / revision
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(["GGUF", *lines]))
        (file.parent / "main").write_text(revision)

    def downloads_for(self, seconds: float) -> None:
        (self.directory / "download").write_text(str(seconds))

    def launcher(self) -> Path:
        """The directory that `plugins.providers[].path` names."""
        script = self.directory / "pulumi-resource-llmctl"
        command = shlex.join([sys.executable, __file__, str(self.directory)])
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        script.chmod(0o755)
        return self.directory

    def _number(self, name: str, default: float) -> float:
        file = self.directory / name
        return float(file.read_text()) if file.exists() else default

    def resolve(self, model_id: str, *, revision: str | None, quantization: str | None, base: Path) -> ModelFile:
        if not model_id.startswith("hub/"):
            return resolve_on_disk(model_id, base=base)
        commit = revision or (self.directory / model_id / "main").read_text()
        raw = (self.directory / model_id / commit).read_bytes()
        digest = hashlib.sha256(raw).hexdigest()
        return ModelFile(
            source="hub", model_id=model_id, revision=commit, filename="tiny.gguf", size=len(raw), sha256=digest
        )

    def fetch(self, file: ModelFile, *, cache: Path, progress: Callable[[int, int | None], None]) -> Path:
        if file.source == "disk":
            return Path(file.filename)
        started, seconds = time.monotonic(), self._number("download", 0)
        while (gone := time.monotonic() - started) < seconds:
            progress(int(1000 * gone / seconds), 1000)
            time.sleep(0.05)
        progress(1000, 1000)
        return self.directory / file.model_id / str(file.revision)

    def memory_needed(self, path: Path, *, slots: int, context: int, ubatch: int) -> int:
        if not path.read_text().startswith("GGUF"):
            raise ModelDamaged(f"{path} is no GGUF file")
        return slots * context

    def outside(self) -> Outside:
        return Outside(
            models=self,
            warm_up=warm_up,
            available_memory=lambda: int(self._number("memory", 2**34)),
            server_command=fake_server_command,
        )


def fake_server_command(options: ServerOptions) -> tuple[str, ...]:
    python, _, _, _, *flags = server_command(options)
    return (python, str(SERVER), *flags)


def warm_up(url: str, key: str) -> None:
    answer = httpx.post(f"{url}/generate", json={}, headers={"authorization": f"Bearer {key}"}, timeout=5)
    if "Paris" not in answer.text:
        raise EndpointError(f"{url} did not answer with a completion")


if __name__ == "__main__":
    serve(sys.argv[2], ModelServerResource(World(Path(sys.argv[1])).outside()))
