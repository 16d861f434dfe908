"""Which files a model is in this stack: listed at its first deployment, and from then on what they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from llmctl.infra.model_settings import ModelSettings
from llmctl.serving.errors import ModelNotFound
from llmctl.serving.manifests.accounts import HUB_TOKEN_SECRET
from llmctl.serving.models.hub import Hub
from llmctl.serving.spec import EngineName
from llmctl.serving.weights.listing.bucket import list_bucket
from llmctl.serving.weights.listing.hub import list_hub
from llmctl.serving.weights.listing.oci import list_oci
from llmctl.serving.weights.spec import SourceKind, Weights


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


@dataclass(frozen=True, kw_only=True)
class Listers:
    """Whom to ask for the files of a model, from this machine and with its own credentials."""

    hub: Hub | None
    """None: HF_HUB_OFFLINE is set."""

    environ: Mapping[str, str]
    hub_token: bool
    """Whether the stack has a token for the relay."""

    def __call__(self, model: ModelSettings) -> Weights:
        """Raises ModelError's kinds, InvalidWeights, RegistryError, DownloadFailed."""
        return LISTS[model.weights.source](model, self)


def weights_of(
    model: ModelSettings, known: Weights | None, list_files: Callable[[ModelSettings], Weights], directory: str
) -> Local:
    """Where the files are in the container, and what they are.

    They are listed now, unless `known` are of the same repository of the Hub: a revision that is not written stays the
    one that was found first. Raises ModelError's kinds, InvalidWeights, RegistryError, DownloadFailed.
    """
    asked = model.weights
    if asked.source is SourceKind.IMAGE:
        return Local(weights=None, path=str(asked.url))
    if asked.source is SourceKind.PVC:
        return _on_claim(str(asked.url), model, directory)
    listed = known if known and _same(known, model) else list_files(model)
    return Local(weights=listed, path=_path(listed, directory) if reads_gguf(model) else directory)


HTTPS = 443


def ports(weights: Weights) -> tuple[int, ...]:
    """Where the source listens, and the port of HTTPS, to which it may send the relay on: a storage, a token server."""
    address = {SourceKind.HUB: weights.url, SourceKind.OCI: f"https://{weights.url}"}.get(weights.kind, "")
    parts = urlsplit(address.partition("@")[0])
    return tuple(sorted({HTTPS, parts.port or (80 if parts.scheme == "http" else HTTPS)}))


def hub_of(model: ModelSettings, hub: Hub | None) -> Hub | None:
    """Whom to ask about the model: the mirror that it names, else the Hub; None with HF_HUB_OFFLINE."""
    if hub is None or model.weights.source is not SourceKind.HUB or not model.weights.url:
        return hub
    return replace(hub, endpoint=model.weights.url.rstrip("/"))


def _on_claim(url: str, model: ModelSettings, directory: str) -> Local:
    """The init container itself reads what is there: `claim/directory`, for GGUF `claim/directory/file.gguf`."""
    where, _, file = url.rpartition("/") if reads_gguf(model) else (url, "", "")
    return Local(weights=Weights(kind=SourceKind.PVC, url=where), path=str(PurePosixPath(directory) / file))


def _same(known: Weights, model: ModelSettings) -> bool:
    return (
        known.kind is model.weights.source is SourceKind.HUB
        and known.repository == model.id
        and model.revision in (None, known.revision)
        and (model.weights.url is None or model.weights.url.rstrip("/") == known.url)
    )


def _of_hub(model: ModelSettings, listers: Listers) -> Weights:
    hub = hub_of(model, listers.hub)
    if hub is None:
        raise ModelNotFound(
            f"{model.id} was not deployed here before, so its files must be listed, and HF_HUB_OFFLINE is set. "
            "Unset it for the first `llmctl up`."
        )
    return list_hub(
        model.id,
        revision=model.revision,
        gguf=reads_gguf(model),
        quantization=_file_word(model),
        code=model.trust_remote_code,
        hub=hub,
        credentials=model.weights.credentials or (HUB_TOKEN_SECRET if listers.hub_token else None),
    )


def _of_bucket(model: ModelSettings, listers: Listers) -> Weights:
    return list_bucket(
        str(model.weights.url),
        gguf=reads_gguf(model),
        quantization=_file_word(model),
        code=model.trust_remote_code,
        environ=listers.environ,
        credentials=model.weights.credentials,
    )


def _of_registry(model: ModelSettings, listers: Listers) -> Weights:
    return list_oci(
        str(model.weights.url),
        gguf=reads_gguf(model),
        quantization=_file_word(model),
        code=model.trust_remote_code,
        environ=listers.environ,
        credentials=model.weights.credentials,
    )


LISTS: Mapping[SourceKind, Callable[[ModelSettings, Listers], Weights]] = {
    SourceKind.HUB: _of_hub,
    SourceKind.BUCKET: _of_bucket,
    SourceKind.OCI: _of_registry,
}


def _file_word(model: ModelSettings) -> str | None:
    """Of several GGUF files the one that is meant; engines that read safetensors quantize by themselves."""
    return model.quantization if reads_gguf(model) else None


def _path(weights: Weights, directory: str) -> str:
    """The one GGUF file; of several parts the first, which names the others."""
    files = sorted(file.path for file in weights.files if file.path.endswith(".gguf"))
    return str(PurePosixPath(directory) / files[0]) if files else directory
