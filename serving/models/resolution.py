"""From a user's words to the one file that holds the model."""

from __future__ import annotations

from pathlib import Path

from llmctl.serving.errors import DownloadFailed, ModelNotFound
from llmctl.serving.models.disk import is_hub_id, is_path, resolve_on_disk
from llmctl.serving.models.embedded import SMOLLM2
from llmctl.serving.models.hub import Hub
from llmctl.serving.models.model_file import ModelFile
from llmctl.serving.models.quantization import choose


def resolve(
    model_id: str, *, revision: str | None = None, quantization: str | None = None, base: Path, hub: Hub
) -> ModelFile:
    """Which file `model_id` means: embedded, on disk (relative to `base`), or on the Hub. Downloads no model.

    `revision` is a branch, tag or commit of the Hub (default: main). Without `quantization` the first of
    `quantization.DEFAULT_ORDER` that is there is taken. Only a Hub id asks the network.
    Raises ModelNotFound, ModelDamaged, ModelAccessDenied, DownloadFailed.
    """
    if SMOLLM2.is_meant_by(model_id, revision, quantization):
        return SMOLLM2.file
    if is_path(model_id):
        return resolve_on_disk(model_id, base=base)
    if is_hub_id(model_id):
        return _resolve_on_hub(model_id, revision, quantization, hub)
    raise ModelNotFound(
        f"{model_id!r} names no model: write a Hub id (owner/name) or the path of a .gguf file (relative to {base})."
    )


def _resolve_on_hub(model_id: str, revision: str | None, quantization: str | None, hub: Hub) -> ModelFile:
    repository = hub.repository(model_id, revision)
    filename = choose(repository.files, quantization, repository=model_id)
    remote = repository.files[filename]
    if remote.sha256 is None:
        raise DownloadFailed(f"{hub.endpoint} gives no SHA-256 for {model_id} {filename}, so it cannot be verified.")
    if repository.gated:
        hub.check_access(model_id, repository.commit, filename)
    return ModelFile(
        source="hub",
        model_id=model_id,
        revision=repository.commit,
        filename=filename,
        size=remote.size,
        sha256=remote.sha256,
    )
