"""Models on this machine's disk, and whether there is room for another."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from llmctl.serving.errors import DownloadFailed, ModelDamaged, ModelNotFound
from llmctl.serving.models.model_file import ModelFile

SPARE = 512 * 1024 * 1024
"""Bytes left free beside a download, so that state and logs can still be written."""


def is_path(model_id: str) -> bool:
    """Whether the user means a file: a name that ends in .gguf or starts like a path. The rest is a Hub id."""
    return model_id.lower().endswith(".gguf") or model_id.startswith(("/", "~", "./", "../"))


def is_hub_id(model_id: str) -> bool:
    """Whether this is owner/name, once it is no path."""
    return re.fullmatch(r"[\w.-]+/[\w.-]+", model_id) is not None


def resolve_on_disk(model_id: str, *, base: Path) -> ModelFile:
    """The file a path means, relative to `base`. Raises ModelNotFound, or ModelDamaged if it cannot be a model."""
    path = (base / Path(model_id).expanduser()).absolute()
    if path.is_dir():
        raise ModelNotFound(f"{path} is a directory; name one .gguf file{_gguf_files_in(path)}.")
    if not path.exists():
        raise ModelNotFound(f"There is no file {path} (model: {model_id}, relative to {base}).")
    if path.suffix.lower() != ".gguf":
        raise ModelDamaged(f"{path} is not a .gguf file; llama.cpp reads only GGUF. Convert it, or name another file.")
    if not os.access(path, os.R_OK):
        raise ModelDamaged(f"{path} is not readable by you; allow it with: chmod u+r {path}")
    size = path.stat().st_size
    return ModelFile(source="disk", model_id=model_id, revision=None, filename=str(path), size=size, sha256=None)


def require_space(directory: Path, needed: int, *, what: str) -> None:
    """Raises DownloadFailed unless `needed` bytes and a little more are free where `directory` is or will be."""
    there = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < needed + SPARE:
        raise DownloadFailed(
            f"{what} needs {needed / 1e9:.1f} GB in {directory}, where {free / 1e9:.1f} GB are free "
            f"(0.5 GB are kept free). Make room, or set another cache directory."
        )


def _gguf_files_in(directory: Path) -> str:
    names = sorted(path.name for path in directory.glob("*.gguf"))
    return f": {', '.join(names[:10])}" if names else ", there is none in it"
