"""Tokens per second by the roofline: what compute and bandwidth allow. Estimates, to compare GPUs; not a promise."""

from __future__ import annotations

from dataclasses import dataclass

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.kv_cache import kv_cache
from llmctl.serving.sizing.load import Load
from llmctl.serving.sizing.memory import MemorySplit
from llmctl.serving.sizing.weights import weight_bytes
from llmctl.serving.spec import EngineName

COMPUTE_EFFICIENCY = 0.5
"""Share of the data sheet's dense FLOP/s that prefill reaches. Assumed."""

BANDWIDTH_EFFICIENCY = 0.7
"""Share of the data sheet's memory bandwidth that decoding reaches. Assumed."""

ALL_REDUCE_SECONDS = 10e-6
"""Latency of one all-reduce among the GPUs of a node. Assumed; there are two in a layer."""

LARGEST_BATCH = 256
"""Sequences decoded at once at most, however much cache there is: vLLM's smaller max_num_seqs (0.33.0)."""


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """Estimates for one replica, in tokens per second."""

    prefill: float
    """Prompt tokens, all requests together."""

    decode: float
    """Generated tokens, all `batch` requests together."""

    batch: int
    """Requests decoded at once: as many as the cache holds at the context asked for, at most LARGEST_BATCH."""


def throughput(
    facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load, memory: MemorySplit
) -> Throughput | None:
    """None where the accelerator has no FLOP/s for the numbers the model computes with.

    prefill = FLOP/s * efficiency * gpus / (2 * active parameters)
    decode = batch / max(bytes read / bandwidth, 2 * active * batch / FLOP/s) + all-reduces

    Bytes read: weights that take part (of idle experts those that a batch of that size touches, chosen evenly) and the
    cache of the batch, half grown. The GPUs of llama.cpp take turns, each with its layers: one counts.
    """
    flops = _flops(facts, accelerator, load)
    if flops is None or memory.requests < 1:
        return None
    batch = min(LARGEST_BATCH, memory.requests)
    gpus = 1 if load.engine is EngineName.LLAMACPP else gpus
    compute = flops * COMPUTE_EFFICIENCY * gpus
    cache = kv_cache(facts, engine=load.engine, dtype=load.kv_cache_dtype, gpus=gpus).request(load.context // 2 or 1)
    read = weight_bytes(facts, load.quantization) * touched(facts, batch) / gpus + batch * cache
    step = max(read / (accelerator.bandwidth * BANDWIDTH_EFFICIENCY), 2 * facts.active_parameters * batch / compute)
    step += _communication(facts, accelerator, gpus, batch)
    return Throughput(prefill=compute / (2 * facts.active_parameters), decode=batch / step, batch=batch)


def touched(facts: ModelFacts, batch: int) -> float:
    """Share of the weights that one step reads: 1 for a dense model, else the rest and the experts any token chose."""
    if not facts.experts or facts.parameters <= facts.active_parameters:
        return 1.0
    share = facts.active_experts / facts.experts
    in_experts = (facts.parameters - facts.active_parameters) / (1 - share)
    return float(1 - in_experts / facts.parameters * (1 - share) ** batch)


def _flops(facts: ModelFacts, accelerator: Accelerator, load: Load) -> float | None:
    """Quantized to 8-bit floats it computes in those where the GPU can; everything else in 16 bits."""
    stored = facts.quantization.method if facts.quantization else None
    if "fp8" in (load.quantization, stored) and "float8" in accelerator.flops:
        return accelerator.flops["float8"]
    return accelerator.flops.get(facts.dtype) or accelerator.flops.get("float16")


def _communication(facts: ModelFacts, accelerator: Accelerator, gpus: int, batch: int) -> float:
    """Seconds: two all-reduces a layer, each latency plus 2 * (n - 1) / n of the batch's hidden state over one way of
    the link."""
    if gpus == 1:
        return 0.0
    moved = 2 * (gpus - 1) / gpus * batch * facts.hidden_size * 2
    return 2 * facts.layers * (ALL_REDUCE_SECONDS + moved / (accelerator.link_bandwidth / 2))
