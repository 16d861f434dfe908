"""Text Generation Inference 3.3.7: what it has, and what it refuses. Its container is made in container.py.

The project is in maintenance mode since 2025-12-11, and this is its last release. Files named below are those of
huggingface/text-generation-inference at tag v3.3.7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llmctl.serving.engines.arguments import secret_flags
from llmctl.serving.engines.engine import Platform, platform_of
from llmctl.serving.engines.engine_release import EngineRelease
from llmctl.serving.engines.tgi import container
from llmctl.serving.engines.tgi import support as tgi
from llmctl.serving.engines.tgi.behaviour import BEHAVIOUR
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.disk import is_path
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import Adapter, EngineName, ServingSpec

LEAST_SHARED_MEMORY = 1 << 30
"""Bytes; README.md: --shm-size 1g wherever NCCL is used."""

NOTICE = (
    "in maintenance mode since 2025-12-11, this is its last release, and its repository is read-only since 2026-03-21; "
    "`llmctl engines translate STACK --to vllm` shows what a move would change"
)
"""README.md of the project; its maintainers point to vLLM, SGLang and llama.cpp."""

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("model-id", "weights-cache-override"),
    "revision": ("revision",),
    "accelerator": ("num-shard", "sharded"),
    "maxTotalTokens": ("max-total-tokens",),
    "maxInputTokens": ("max-input-tokens", "max-input-length"),
    "maxBatchSize": ("max-batch-size",),
    "maxBatchPrefillTokens": ("max-batch-prefill-tokens",),
    "maxConcurrentRequests": ("max-concurrent-requests",),
    "dtype": ("dtype",),
    "quantization": ("quantize",),
    "kvCacheDtype": ("kv-cache-dtype",),
    "adapters": ("lora-adapters",),
    "speculation": ("speculate",),
    "trustRemoteCode": ("trust-remote-code",),
    "the target": ("hostname", "port", "usage-stats", "huggingface-hub-cache", "graceful-termination-timeout"),
}

REFUSED_FLAGS: Mapping[str, str] = {
    **secret_flags(("api-key", "ngrok-authtoken")),
    **dict.fromkeys(("ngrok", "ngrok-edge"), "stops this image at its start"),
}


def _conflicts(spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts | None) -> Iterator[str]:
    """Settings that each exist and together end the start, or are silently dropped."""
    if spec.dtype == "float32":
        yield "Text Generation Inference has dtype float16 and bfloat16, not float32."
    if spec.dtype and spec.quantization and not spec.quantization.startswith("bitsandbytes"):
        # server/text_generation_server/cli.py; awq, gptq, marlin and exl2 compute in float16 by themselves.
        yield f"Text Generation Inference takes dtype or quantization {spec.quantization}, not both. Leave dtype out."
    if spec.quantization == "exl2" and spec.gpus > 1:
        yield "Text Generation Inference runs exl2 on one GPU only. Choose gptq or awq, or one larger GPU."
    if is_path(spec.model) and spec.revision:
        # The router would then look for the path as a repository on the Hub (router/src/server.rs, use_api).
        yield f"{spec.model} is a directory, which has no revision. Leave revision out."
    if spec.gpus > 1 and spec.host.shared_memory < LEAST_SHARED_MEMORY:
        yield "Text Generation Inference on several GPUs needs 1 GiB of shared memory, as its README says."
    if platform_of(accelerator) is Platform.NEURON and spec.max_batch_size is None:
        yield "On Inferentia the batch size is compiled into the model. Set maxBatchSize to that of its export."
    if spec.adapters and "cuda-graphs" in spec.engine_args:
        yield "engineArgs: --cuda-graphs cannot be set with adapters, which need it off. Leave it out."
    yield from _prefill_faults(spec, platform_of(accelerator), facts)
    yield from (fault for adapter in spec.adapters if (fault := _adapter_fault(adapter)))
    if facts and (spec.kv_cache_dtype and platform_of(accelerator) is Platform.CUDA) and not _flashinfer(facts):
        yield (
            f"Text Generation Inference serves {facts.id} with flash decoding (head dimension {facts.head_dim}), which "
            f"has no {spec.kv_cache_dtype} KV cache. Leave kvCacheDtype out."
        )


def _prefill_faults(spec: ServingSpec, platform: Platform, facts: ModelFacts | None) -> Iterator[str]:
    given, needed = spec.max_batch_prefill_tokens, container.prompt_limit(spec)
    unchunked = facts is not None and facts.model_type in tgi.UNCHUNKED_MODEL_TYPES
    if given and given < needed and (unchunked or not container.chunks_prefill(spec, platform)):
        yield (
            "Text Generation Inference computes a prompt in one step here (AMD, Inferentia, speculation, some models), "
            f"so maxBatchPrefillTokens ({given}) must be at least {needed}. Raise it, or lower maxInputTokens."
        )


def _adapter_fault(adapter: Adapter) -> str | None:
    """TGI's list knows `name=/path` and `owner/name`; a Hub adapter has no other name (utils/adapter.py)."""
    if any(character in adapter.name + adapter.source for character in ",=@"):
        return (
            f"adapters.{adapter.name}: neither name nor source may hold a comma, = or @ for Text Generation Inference."
        )
    if not is_path(adapter.source) and adapter.name != adapter.source:
        return (
            f"adapters.{adapter.name}: Text Generation Inference serves an adapter of the Hub under its id only. "
            f"Call it {adapter.source}, or give an absolute path in the container."
        )
    return None


def _flashinfer(facts: ModelFacts) -> bool:
    return facts.head_dim in tgi.FLASHINFER_HEAD_DIMS and facts.model_type not in tgi.FLASHDECODING_MODEL_TYPES


TGI = EngineRelease(
    name=EngineName.TGI,
    title="Text Generation Inference",
    release=tgi.RELEASE,
    notice=NOTICE,
    images=tgi.IMAGES,
    features=tgi.FEATURES,
    quantizations=tgi.QUANTIZATIONS,
    kv_cache_dtypes=tgi.KV_CACHE_DTYPES,
    compute_capabilities=tgi.COMPUTE_CAPABILITIES,
    settings=SETTINGS,
    refused_flags=REFUSED_FLAGS,
    metrics=tgi.METRICS,
    behaviour=BEHAVIOUR,
    conflicts=_conflicts,
    make_container=container.container,
)
