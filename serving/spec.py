"""ServingSpec: what one model server has to do, in words that every engine shares. An engine makes it a container."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class EngineName(StrEnum):
    """The inference servers."""

    TGI = "tgi"
    VLLM = "vllm"
    SGLANG = "sglang"
    LLAMACPP = "llamacpp"


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """A LoRA adapter, loaded at start."""

    name: str
    """What clients ask for."""

    source: str
    """Hub id, or a directory in the container."""


@dataclass(frozen=True, kw_only=True)
class Speculation:
    """Speculative decoding: guess `tokens` ahead, from n-grams of the text or with a draft model."""

    tokens: int
    draft_model: str | None = None
    """Hub id or directory; None: n-grams."""


@dataclass(frozen=True, kw_only=True)
class HostNeeds:
    """What a replica needs of its node besides GPUs. Bytes, and cores.

    `size` holds the memory against machine types; disk is attached and cores are shared as the target has it.
    """

    memory: int
    shared_memory: int
    """The container's shared memory; counts against `memory`."""

    disk: int
    """Image, weights where they are not mounted, logs."""

    cpus: float


@dataclass(frozen=True, kw_only=True)
class ServingSpec:
    model: str
    """Hub id, or a path in the container: a directory, for llama.cpp a .gguf file."""

    served_name: str
    """What clients put into `model`."""

    revision: str | None = None
    """40-hex commit, where `model` is a Hub id."""

    accelerator: str | None
    """Name of the Accelerator; None: the processor."""

    gpus: int
    """GPUs of one replica: the width of tensor parallelism. 0 for the processor."""

    max_total_tokens: int
    """Tokens of one request, prompt and answer together."""

    max_input_tokens: int | None = None
    """Tokens of one prompt; None: one less than max_total_tokens."""

    max_batch_size: int | None = None
    """Sequences generated at the same time; None: what the engine finds possible."""

    max_batch_prefill_tokens: int | None = None
    """Prompt tokens computed in one step; None: the engine's default."""

    max_concurrent_requests: int = 128
    """Requests in flight, waiting ones included."""

    dtype: str | None = None
    """float16, bfloat16, float32; None: as the model is stored."""

    quantization: str | None = None
    """fp8, awq, gptq, bitsandbytes-nf4…: the words of `llmctl engines`. None: as the model is stored."""

    kv_cache_dtype: str | None = None
    """fp8_e4m3 or fp8_e5m2; None: the model's dtype."""

    adapters: tuple[Adapter, ...] = ()
    speculation: Speculation | None = None
    trust_remote_code: bool = False
    """Run Python from the model's repository. Off, because that is somebody else's code beside your data."""

    hub_token: bool = False
    """Whether the container gets HF_TOKEN from the secret `hub-token`: gated models that are not mounted."""

    api_key: bool = False
    """Whether the engine itself asks for a key (from the secret `api-key`); usually the gateway does."""

    host: HostNeeds
    startup_seconds: int = 600
    """Budget from container start to the first 200 of the health route."""

    graceful_termination_seconds: int = 90
    """Time for requests in flight after SIGTERM."""

    image_digest: str | None = None
    """sha256:… as a registry gave it; None: not locked."""

    engine_args: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    """Flags of the engine itself, without the leading dashes; True for a flag without a value."""
