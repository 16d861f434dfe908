"""Which files a model is in this stack: listed at its first deployment, and from then on what they were."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from llmctl.infra.errors import SettingsError
from llmctl.infra.model_settings import ModelSettings
from llmctl.serving.errors import ModelNotFound
from llmctl.serving.models.hub import Hub
from llmctl.serving.spec import EngineName
from llmctl.serving.weights.listing.hub import list_hub
from llmctl.serving.weights.spec import SourceKind, Weights

HUB_TOKEN_SECRET = "hub-token"  # noqa: S105 (the name of a Secret)


@dataclass(frozen=True, kw_only=True)
class Local:
    """Where a container finds its model."""

    weights: Weights | None
    """None: the image brings it."""

    path: str
    """What the engine is told to load."""


def reads_gguf(model: ModelSettings) -> bool:
    """llama.cpp, and with it llmctl's own server, which serves TGI's API on processors."""
    return model.engine is EngineName.LLAMACPP or model.accelerator == "cpu"


def weights_of(
    model: ModelSettings, known: Weights | None, *, hub: Hub | None, hub_token: bool, directory: str
) -> Local:
    """The files, listed now unless `known` are of the same model, revision and source. Raises ModelError's kinds."""
    asked = model.weights
    if asked.source is SourceKind.IMAGE:
        return Local(weights=None, path=str(asked.url))
    listed = known if known and _same(known, model) else _listed(model, hub, hub_token=hub_token)
    return Local(weights=listed, path=_path(listed, directory) if reads_gguf(model) else directory)


def _same(known: Weights, model: ModelSettings) -> bool:
    """A revision that is not written stays the one that was found first."""
    return (
        known.kind is model.weights.source is SourceKind.HUB
        and known.repository == model.id
        and model.revision in (None, known.revision)
        and model.weights.url in (None, known.url)
    )


def _listed(model: ModelSettings, hub: Hub | None, *, hub_token: bool) -> Weights:
    asked = model.weights
    if asked.source is not SourceKind.HUB:
        raise SettingsError(f"weights from {asked.source}: not listed here")
    if hub is None:
        raise ModelNotFound(
            f"{model.id} was not deployed here before, so its files must be listed, and HF_HUB_OFFLINE is set. "
            "Unset it for the first `llmctl up`."
        )
    source = replace(hub, endpoint=asked.url.rstrip("/")) if asked.url else hub
    return list_hub(
        model.id,
        revision=model.revision,
        gguf=reads_gguf(model),
        quantization=model.quantization if reads_gguf(model) else None,
        code=model.trust_remote_code,
        hub=source,
        credentials=asked.credentials or (HUB_TOKEN_SECRET if hub_token else None),
    )


def _path(weights: Weights, directory: str) -> str:
    """The one GGUF file; of several parts the first, which names the others."""
    files = sorted(file.path for file in weights.files if file.path.endswith(".gguf"))
    return str(Path(directory) / files[0]) if files else directory
