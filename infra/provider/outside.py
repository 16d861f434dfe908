"""What the resource needs of the rest of the world, as one value that a test can replace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil

from llmctl.infra.local.server_command import ServerCommand


class ModelFile(Protocol):
    """One file of one model, as serving.models resolves it."""

    @property
    def revision(self) -> str | None: ...
    @property
    def size(self) -> int | None: ...
    @property
    def sha256(self) -> str | None: ...


class Models(Protocol):
    """The functions of llmctl.serving.models that are used here."""

    def resolve(self, model_id: str, *, revision: str | None, quantization: str | None, base: Path) -> ModelFile: ...
    def fetch(self, file: Any, *, cache: Path, progress: Callable[[int, int | None], None]) -> Path: ...
    def on_disk(self, file: Any, *, cache: Path) -> Path | None: ...  # where it needs no download
    def inspect(self, path: Path) -> Any: ...
    def memory_needed(self, facts: Any, *, slots: int, context: int) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Outside:
    models: Models
    warm_up: Callable[[str, str], None]
    """One real completion from the endpoint (URL, API key); raises ServingError where there is none."""

    available_memory: Callable[[], int]
    """Bytes that a new process can use without swapping."""

    server_command: ServerCommand


def available_memory() -> int:
    available: int = psutil.virtual_memory().available
    return available
