"""The plug: what every engine says of itself, and the one function that makes its container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from llmctl.serving.engines.behaviour import Behaviour
from llmctl.serving.engines.container import ContainerSpec, Image, Metrics
from llmctl.serving.engines.flags import FlagList
from llmctl.serving.hardware.accelerator import Accelerator, Vendor
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName, ServingSpec


class Platform(StrEnum):
    """What an image is built for."""

    CUDA = "cuda"
    ROCM = "rocm"
    NEURON = "neuron"
    CPU = "cpu"


PLATFORMS: Mapping[Vendor, Platform] = {
    Vendor.NVIDIA: Platform.CUDA,
    Vendor.AMD: Platform.ROCM,
    Vendor.AWS: Platform.NEURON,
}


def platform_of(accelerator: Accelerator | None) -> Platform:
    """The image that an accelerator needs; without one, the processor's."""
    return PLATFORMS[accelerator.vendor] if accelerator else Platform.CPU


class Feature(StrEnum):
    """What an engine may or may not have, in the words of `llmctl engines`."""

    TENSOR_PARALLEL = "tensor parallel"
    LORA = "LoRA"
    NGRAM_SPECULATION = "n-gram speculation"
    DRAFT_MODEL = "draft model"
    DTYPE = "choice of dtype"
    PROMPT_LIMIT = "prompt limit"
    PREFIX_CACHE = "prefix cache"
    CHUNKED_PREFILL = "chunked prefill"
    JSON_SCHEMA = "JSON schema output"
    TOOLS = "tool calls"
    API_KEY = "API key"
    TRUST_REMOTE_CODE = "trust remote code"
    GGUF = "GGUF"
    SAFETENSORS = "safetensors"


@dataclass(frozen=True, kw_only=True)
class Support:
    """On which platforms something works, and for CUDA from which compute capability on."""

    platforms: frozenset[Platform]
    min_compute_capability: tuple[int, int] | None = None
    note: str = ""

    weights: Literal["any", "stored", "plain"] = "any"
    """Of a quantization: only for weights that are stored so, only for plain ones (quantized while loading), or both,
    as far as the source tells."""

    def includes(self, platform: Platform, capability: tuple[int, int] | None) -> bool:
        """Whether it works there; `capability` is the GPU's, None where it has none."""
        least = self.min_compute_capability
        return platform in self.platforms and (least is None or capability is None or capability >= least)


@dataclass(frozen=True, kw_only=True)
class Architectures:
    """The models that an engine has its own code for."""

    by: Literal["model_type", "architecture"]
    """The field of ModelFacts that `names` are of."""

    names: frozenset[str]
    source: str
    """File of the engine that the names were read in."""

    removed: Mapping[str, str] = field(default_factory=dict)
    """Name -> the last release of the engine that had it, where the engine says so."""

    def knows(self, facts: ModelFacts) -> bool:
        return (facts.model_type if self.by == "model_type" else facts.architecture) in self.names


class Engine(Protocol):
    name: EngineName
    title: str
    release: str
    """The one release that specs are made for."""

    notice: str
    """What who chooses it should know of the project itself; empty: nothing out of the ordinary."""

    images: Mapping[Platform, Image]
    features: Mapping[Feature, Support]
    quantizations: Mapping[str, Support]
    """Our word (fp8, awq, gptq…) -> where it works."""

    kv_cache_dtypes: Mapping[str, Support]
    """Our word (fp8_e4m3, fp8_e5m2) -> where it works."""

    compute_capabilities: tuple[tuple[int, int], tuple[int, int] | None]
    """From which CUDA compute capability on the image has kernels, and up to which (None: no end is known)."""

    settings: Mapping[str, tuple[str, ...]]
    """Setting of a stack -> the engine's flags that follow from it; `engineArgs` cannot contradict them."""

    refused_flags: Mapping[str, str]
    """Flag that `engineArgs` must not hold -> why, as the end of a sentence."""

    behaviour: Behaviour
    """What callers and operators notice of it."""

    metrics: Metrics

    @property
    def read_for(self) -> str:
        """Versions whose source was read for this translation, as a PEP 440 specifier."""
        ...

    @property
    def architectures(self) -> Architectures:
        """The models it has code for; read from its own registry."""
        ...

    @property
    def flags(self) -> FlagList:
        """The engine's own flags at `release`, with their source."""
        ...

    def container(self, spec: ServingSpec, accelerator: Accelerator | None) -> ContainerSpec:
        """The container of one replica on that accelerator (None: the processor).

        Raises EngineError when the spec asks for what this engine, at this release, does not have.
        """
        ...

    def refuses(
        self, spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts | None = None
    ) -> str | None:
        """The first reason why this engine cannot serve `spec` on that accelerator (None: the processor), or None.

        With `facts` the model's architecture and stored quantization are judged too.
        """
        ...
