"""vLLM, read at 0.33.0: its wheel on PyPI, and docker/Dockerfile of vllm-project/vllm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llmctl.serving.engines.arguments import secret_flags
from llmctl.serving.engines.engine_release import EngineRelease
from llmctl.serving.engines.vllm import container
from llmctl.serving.engines.vllm import support as vllm
from llmctl.serving.engines.vllm.behaviour import BEHAVIOUR
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName, ServingSpec

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("model", "tokenizer"),
    "revision": ("revision", "tokenizer-revision"),
    "servedName": ("served-model-name",),
    "accelerator": ("tensor-parallel-size", "pipeline-parallel-size", "data-parallel-size", "nnodes"),
    "maxTotalTokens": ("max-model-len",),
    "maxBatchSize": ("max-num-seqs",),
    "maxBatchPrefillTokens": ("max-num-batched-tokens",),
    "maxConcurrentRequests": ("max-num-queued-reqs",),
    "dtype": ("dtype",),
    "quantization": ("quantization",),
    "kvCacheDtype": ("kv-cache-dtype",),
    "adapters": ("lora-modules", "enable-lora", "no-enable-lora", "max-loras"),
    "speculation": ("speculative-config", "spec-method", "spec-model", "spec-tokens"),
    "trustRemoteCode": ("trust-remote-code", "no-trust-remote-code"),
    "the target": ("host", "port", "uds", "shutdown-timeout", "sse-keep-alive-interval", "root-path"),
}
REFUSED_FLAGS: Mapping[str, str] = {
    **secret_flags(("api-key", "hf-token")),
    "config": "brings flags from a file, where nobody holds them against the release",
    "tool-server": "runs code that a model wrote",
    **dict.fromkeys(("headless", "grpc"), "ends the OpenAI API"),
}


def _conflicts(spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts | None) -> Iterator[str]:
    """Settings that each exist and together end the start."""
    if spec.max_batch_prefill_tokens and spec.max_batch_size and spec.max_batch_prefill_tokens < spec.max_batch_size:
        # config/scheduler.py: each sequence of a batch takes one token of a step.
        yield (
            f"vLLM needs maxBatchPrefillTokens ({spec.max_batch_prefill_tokens}) to be at least maxBatchSize "
            f"({spec.max_batch_size})."
        )
    capability = accelerator.compute_capability if accelerator else None
    if spec.dtype == "bfloat16" and capability and capability < vllm.BFLOAT16_FROM:
        yield "vLLM computes in bfloat16 from compute capability 8.0 on. Set dtype to float16."
    stored = facts.quantization.method if facts and facts.quantization else None
    if stored and spec.quantization not in (None, *({stored} - set(vllm.QUANTIZATION_WORDS))):
        # config/model.py: the word must be the one in config.json.
        yield f"vLLM reads what is stored as {stored} by itself. Leave quantization {spec.quantization} out."


VLLM = EngineRelease(
    name=EngineName.VLLM,
    title="vLLM",
    release=vllm.RELEASE,
    images=vllm.IMAGES,
    features=vllm.FEATURES,
    quantizations=vllm.QUANTIZATIONS,
    kv_cache_dtypes=vllm.KV_CACHE_DTYPES,
    compute_capabilities=vllm.COMPUTE_CAPABILITIES,
    settings=SETTINGS,
    refused_flags=REFUSED_FLAGS,
    metrics=vllm.METRICS,
    behaviour=BEHAVIOUR,
    conflicts=_conflicts,
    make_container=container.container,
)
