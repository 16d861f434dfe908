"""The plug: what every engine says of itself, and the one function that makes its container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from llmctl.serving.engines.container import ContainerSpec, Image, Metrics
from llmctl.serving.engines.flags import FlagList
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.spec import EngineName, ServingSpec


class Platform(StrEnum):
    """What an image is built for."""

    CUDA = "cuda"
    ROCM = "rocm"
    NEURON = "neuron"
    CPU = "cpu"


class Feature(StrEnum):
    """What an engine may or may not have, in the words of `llmctl engines`."""

    TENSOR_PARALLEL = "tensor parallel"
    LORA = "LoRA"
    NGRAM_SPECULATION = "n-gram speculation"
    DRAFT_MODEL = "draft model"
    FP8_KV_CACHE = "fp8 KV cache"
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


class Engine(Protocol):
    name: EngineName
    title: str
    release: str
    """The one release that specs are made for."""

    read_for: str
    """Versions whose source was read for this translation, as a PEP 440-like range."""

    images: Mapping[Platform, Image]
    features: Mapping[Feature, Support]
    quantizations: Mapping[str, Support]
    """Our word (fp8, awq, gptq…) -> where it works."""

    kv_cache_dtypes: Mapping[str, Support]
    metrics: Metrics

    @property
    def flags(self) -> FlagList:
        """The engine's own flags at `release`, with their source."""
        ...

    def container(self, spec: ServingSpec) -> ContainerSpec:
        """Raises EngineError when the spec asks for what this engine, at this release, does not have."""
        ...

    def refuses(self, spec: ServingSpec, accelerator: Accelerator | None) -> str | None:
        """The first reason why this engine cannot serve `spec` on that accelerator (None: the processor), or None."""
        ...
