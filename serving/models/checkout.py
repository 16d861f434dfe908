"""The files of one model repository, on this machine or on the Hub, for whoever reads its facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from llmctl.serving.errors import ModelDamaged

if TYPE_CHECKING:
    from huggingface_hub.utils import SafetensorsFileMetadata

    from llmctl.serving.models.hub import Hub, Repository

LARGEST_JSON = 64 * 1024 * 1024
"""Bytes. The largest index.json met lists 91,991 tensors (DeepSeek-V3) and has a tenth of this."""


class Checkout(Protocol):
    """Where a repository's files are."""

    @property
    def name(self) -> str:
        """How messages call it."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """File name -> bytes; what lies in subdirectories is left out."""

    def read(self, filename: str) -> bytes: ...

    def safetensors_header(self, filename: str) -> SafetensorsFileMetadata: ...


def read_json(files: Checkout, filename: str) -> Mapping[str, Any]:
    """One JSON object. Raises ModelDamaged where it is not one."""
    where = f"{filename} of {files.name}"
    if files.sizes.get(filename, 0) > LARGEST_JSON:
        raise ModelDamaged(f"{where} has {files.sizes[filename]:,} bytes; at most {LARGEST_JSON:,} are read.")
    try:
        found = json.loads(files.read(filename))
    except ValueError as error:
        raise ModelDamaged(f"{where} is not JSON ({error}). Get the file again.") from error
    if not isinstance(found, dict):
        raise ModelDamaged(f"{where} is not a JSON object. Get the file again.")
    return found


@dataclass(frozen=True)
class OnDisk:
    directory: Path

    @property
    def name(self) -> str:
        return str(self.directory)

    @property
    def sizes(self) -> Mapping[str, int]:
        return {path.name: path.stat().st_size for path in self.directory.iterdir() if path.is_file()}

    def read(self, filename: str) -> bytes:
        try:
            return (self.directory / filename).read_bytes()
        except OSError as error:
            raise ModelDamaged(f"{self.directory / filename} cannot be read: {error.strerror}.") from error

    def safetensors_header(self, filename: str) -> SafetensorsFileMetadata:
        from huggingface_hub import parse_local_safetensors_file_metadata
        from huggingface_hub.errors import SafetensorsParsingError

        try:
            return parse_local_safetensors_file_metadata(self.directory / filename)
        except (SafetensorsParsingError, ValueError) as error:
            raise ModelDamaged(f"{self.directory / filename} is not a safetensors file. Get it again.") from error


@dataclass(frozen=True)
class OnHub:
    hub: Hub
    model_id: str
    repository: Repository

    @property
    def name(self) -> str:
        return self.model_id

    @property
    def sizes(self) -> Mapping[str, int]:
        return {name: file.size for name, file in self.repository.files.items() if "/" not in name}

    def read(self, filename: str) -> bytes:
        return self.hub.read(self.model_id, self.repository.commit, filename)

    def safetensors_header(self, filename: str) -> SafetensorsFileMetadata:
        return self.hub.safetensors_header(self.model_id, self.repository.commit, filename)
