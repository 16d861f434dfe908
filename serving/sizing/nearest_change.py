"""The nearest change that makes a model fit. Every one offered was tried with the same check that refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.judgement import SMALLER_PREFILLS, EngineRefuses, judge
from llmctl.serving.sizing.kv_cache import kv_cache
from llmctl.serving.sizing.load import Load
from llmctl.serving.sizing.memory import split_memory
from llmctl.serving.spec import EngineName

MOST_SHRUNK = 4
"""Weights of more than four times the GPU are left alone: nothing made while loading shrinks them by so much."""

CONTEXT_STEP = 512
"""A shorter context is offered in multiples of this."""

FP8 = ("fp8_e4m3", "fp8_e5m2")
"""Caches of half the size; which of them there is, depends on engine and GPU."""

QUANTIZATIONS = {
    EngineName.TGI: ("fp8", "eetq", "bitsandbytes-nf4"),
    EngineName.VLLM: ("fp8",),
    EngineName.SGLANG: ("fp8",),
    EngineName.LLAMACPP: (),
}
"""Made while loading, the better ones first. Whether the GPU can is for the engine to say."""


def nearest_change(
    facts: ModelFacts,
    accelerator: Accelerator,
    gpus: int,
    load: Load,
    wider: tuple[int, ...],
    refuses: EngineRefuses | None,
) -> str | None:
    """In words, or None where nothing tried makes it fit. `wider`: GPU counts that machines with this GPU have.

    The order is that of the least loss: fewer requests at once, an fp8 cache, a shorter context, more GPUs, weights
    quantized while loading.
    """
    for words, count, changed in _changes(facts, accelerator, gpus, load, wider):
        if judge(facts, accelerator, count, changed, engine_refuses=refuses).reason is None:
            return words
    return None


def _changes(
    facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load, wider: tuple[int, ...]
) -> Iterator[tuple[str, int, Load]]:
    best = replace(load, prefill_tokens=SMALLER_PREFILLS[-1]) if load.prefill_tokens is None else load
    memory = split_memory(facts, accelerator, gpus, best)
    room = max(0, memory.kv_cache)
    if 1 <= memory.requests < load.concurrency:
        fewer = memory.requests
        yield f"at most {fewer} request{'s' * (fewer > 1)} at a time", gpus, replace(load, concurrency=fewer)
    if load.kv_cache_dtype is None and load.engine is not EngineName.LLAMACPP and room:
        for word in FP8:
            yield f"a key-value cache in {word}", gpus, replace(load, kv_cache_dtype=word)
    if shorter := _context(facts, load, gpus, room):
        yield f"a context of {shorter:,} tokens", gpus, replace(load, context=shorter)
    for more in wider:
        if more > gpus:
            yield f"{more} x {accelerator.name}", more, load
    if memory.weights > MOST_SHRUNK * accelerator.usable_memory:
        return  # no quantization makes the weights so small
    if load.quantization is None and facts.quantization is None:
        for quantization in QUANTIZATIONS[load.engine]:
            yield f"quantization {quantization}", gpus, replace(load, quantization=quantization)


def _context(facts: ModelFacts, load: Load, gpus: int, room: int) -> int:
    """The longest context, in steps, of which the room holds as many requests; 0 for none."""
    cache = kv_cache(facts, engine=load.engine, dtype=load.kv_cache_dtype, gpus=gpus)
    low, high = 0, load.context // CONTEXT_STEP
    while low < high:  # the bytes of a request only grow with its context
        middle = (low + high + 1) // 2
        fits = (1 + facts.margin) * cache.request(middle * CONTEXT_STEP) * load.concurrency <= room
        low, high = (middle, high) if fits else (low, middle - 1)
    return low * CONTEXT_STEP
