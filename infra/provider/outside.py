"""What the resource needs of the rest of the world, as one value that a test can replace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from llmctl.infra.local.server_command import ServerCommand, server_command
from llmctl.serving.client import Endpoint, warm_up
from llmctl.serving.models.fetching import fetch
from llmctl.serving.models.gguf import inspect
from llmctl.serving.models.hub import Hub
from llmctl.serving.models.memory import memory_needed
from llmctl.serving.models.model_file import ModelFile
from llmctl.serving.models.resolution import resolve


class Models(Protocol):
    """Where models come from. All raise ModelError and its kinds, or DownloadFailed."""

    def resolve(self, model_id: str, *, revision: str | None, quantization: str | None, base: Path) -> ModelFile: ...

    def fetch(self, file: ModelFile, *, cache: Path, progress: Callable[[int, int | None], None]) -> Path: ...

    def memory_needed(self, path: Path, *, slots: int, context: int, ubatch: int) -> int:
        """Bytes that serving the file takes; raises ModelDamaged where it is not what it should be."""
        ...


@dataclass(frozen=True, kw_only=True)
class Outside:
    models: Models
    warm_up: Callable[[str, str], None]
    """One real completion from the endpoint (URL, API key); raises ServingError where there is none."""

    available_memory: Callable[[], int]
    """Bytes that a new process can use without swapping."""

    server_command: ServerCommand


class ServingModels:
    """llmctl.serving.models, with the Hub that the environment names."""

    def resolve(self, model_id: str, *, revision: str | None, quantization: str | None, base: Path) -> ModelFile:
        hub = Hub.from_environment()
        return resolve(model_id, revision=revision, quantization=quantization, base=base, hub=hub)

    def fetch(self, file: ModelFile, *, cache: Path, progress: Callable[[int, int | None], None]) -> Path:
        return fetch(file, cache=cache, progress=progress)

    def memory_needed(self, path: Path, *, slots: int, context: int, ubatch: int) -> int:
        return memory_needed(inspect(path), slots=slots, context=context, ubatch=ubatch)


def this_machine() -> Outside:
    return Outside(
        models=ServingModels(),
        warm_up=_warm_up,
        available_memory=_available_memory,
        server_command=server_command,
    )


def _warm_up(url: str, key: str) -> None:
    warm_up(Endpoint(url, key))


def _available_memory() -> int:
    available: int = psutil.virtual_memory().available
    return available
