"""Load: what one model server is asked to do, as far as its memory depends on it."""

from __future__ import annotations

from dataclasses import dataclass

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.engine_memory import GIB, VISIBLE
from llmctl.serving.sizing.expert_kernels import ExpertKernel, chosen_kernel
from llmctl.serving.sizing.tgi_prefill import default_prefill_tokens
from llmctl.serving.spec import EngineName


@dataclass(frozen=True, kw_only=True)
class Load:
    """None: what the engine does by itself."""

    engine: EngineName
    context: int
    """Tokens of one request, prompt and answer together."""

    concurrency: int = 1
    """Requests of that length at the same time."""

    quantization: str | None = None
    kv_cache_dtype: str | None = None

    prefill_tokens: int | None = None
    """Prompt tokens computed at once: max-batch-prefill-tokens, max-num-batched-tokens, chunked-prefill-size."""

    memory_share: float | None = None
    """Of the GPU: TGI's CUDA_MEMORY_FRACTION times TGI_WIGGLE_ROOM, gpu-memory-utilization, mem-fraction-static."""

    sequences: int | None = None
    """Sequences that vLLM samples at once while it measures itself (max-num-seqs)."""

    sampled_bytes: float | None = None
    """Per vocabulary entry and sequence at the peak of sampling."""

    graphs_counted: bool = True
    """Whether vLLM counts its CUDA graphs before it sizes the cache: since 0.21."""

    kernel: ExpertKernel | None = None
    """Of experts stored as mxfp4."""

    visible_memory: int | None = None
    """Bytes that CUDA reports as the total of the GPU."""


def visible_memory(accelerator: Accelerator, load: Load) -> int:
    """Bytes of one GPU that a process can see: as published logs have it, else by the share that holds for others."""
    return load.visible_memory or accelerator.visible_memory or int(VISIBLE * accelerator.usable_memory)


def expert_kernel(facts: ModelFacts, accelerator: Accelerator, load: Load) -> ExpertKernel | None:
    """The kernel of experts stored as mxfp4, by the engine's own choice where `load` does not say."""
    return load.kernel or chosen_kernel(facts, accelerator, load.engine)


def prefill_tokens(facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load) -> int:
    """Prompt tokens the engine computes at once, by its own default where `load` does not say.

    vLLM 0.33.0 vllm/engine/arg_utils.py (get_batch_defaults); SGLang 0.5.23 srt/arg_groups/memory_hook.py;
    llama.cpp n_ubatch; TGI: default_prefill_tokens.
    """
    if load.prefill_tokens is not None:
        return load.prefill_tokens
    memory = accelerator.usable_memory
    match load.engine:
        case EngineName.TGI:
            return default_prefill_tokens(facts, accelerator, gpus, quantization=load.quantization)
        case EngineName.VLLM:
            if memory >= 160 * GIB:
                return 16384
            return 8192 if _large(accelerator) else 2048
        case EngineName.SGLANG:
            return next(tokens for below, tokens in SGLANG_CHUNKS if memory < below * GIB)
        case EngineName.LLAMACPP:
            return 512


def _large(accelerator: Accelerator) -> bool:
    """Whether vLLM 0.33.0 gives the GPU its larger batches: from 70 GiB on, A100s excepted (get_batch_defaults)."""
    return accelerator.usable_memory >= 70 * GIB and "a100" not in accelerator.name


SGLANG_CHUNKS = ((20, 2048), (60, 4096), (160, 8192), (10**6, 16384))
"""GiB of a GPU, exclusive, and chunked_prefill_size up to there."""


def sequences(accelerator: Accelerator, load: Load) -> int:
    """Sequences vLLM samples at once while it measures itself (the same function as prefill_tokens)."""
    if load.sequences is not None:
        return load.sequences
    return 1024 if _large(accelerator) else 256
