"""MemorySplit: where the bytes of one GPU go. The rules of each engine come together here."""

from __future__ import annotations

from dataclasses import dataclass

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.activations import activations
from llmctl.serving.sizing.engine_memory import ENGINE_MEMORY
from llmctl.serving.sizing.kv_cache import kv_cache
from llmctl.serving.sizing.load import Load, visible_memory
from llmctl.serving.sizing.sglang_share import mem_fraction_static
from llmctl.serving.sizing.weights import loaded_twice, weights_per_gpu
from llmctl.serving.spec import EngineName


@dataclass(frozen=True, kw_only=True)
class MemorySplit:
    """Bytes per GPU; together they are what the GPU has. `kv_cache` is negative where the rest does not fit."""

    weights: int
    kv_cache: int
    """What the engine gives its cache."""

    activations: int
    overhead: int
    """CUDA context, libraries, buffers between GPUs, CUDA graphs; and what the driver keeps."""

    reserved: int
    """What the engine leaves alone by its own rule."""

    free: int
    """Neither needed nor taken (llama.cpp takes no more than it needs)."""

    kv_tokens: int
    """Tokens the cache holds, in requests of the context asked for; 0 where nothing is left."""

    requests: int
    """Requests of that context at once."""


def split_memory(facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load) -> MemorySplit:
    """The split on one GPU of a replica of `gpus`. Raises SizingError for a quantization the weights cannot have.

    TGI, vLLM: cache = share * visible - weights - activations - overhead. Only what a process holds counts against the
    share, as free memory is asked of CUDA (TGI 3.3.7 models/flash_causal_lm.py, warmup; vLLM 0.33.0
    v1/worker/gpu_worker.py).
    SGLang: cache = share * (visible - context) - weights - workspace; activations and graphs live in the rest
    (srt/model_executor: bytes before loading times (1 - mem_fraction_static) stay free).
    llama.cpp: cache = context * requests, whatever is there.
    """
    rules = ENGINE_MEMORY[load.engine]
    visible = visible_memory(accelerator, load)
    margin = 1 + facts.margin
    weights = int(margin * weights_per_gpu(facts, load.quantization, gpus, load.engine))
    weights += loaded_twice(facts, gpus, load.engine)
    peak = activations(facts, accelerator, gpus, load)
    shared = rules.communication if gpus > 1 else 0
    graphs = rules.graphs_per_layer * facts.layers if load.graphs_counted else 0
    overhead = rules.context + rules.workspace + shared + graphs
    cache = kv_cache(facts, engine=load.engine, dtype=load.kv_cache_dtype, gpus=gpus)
    request = int(margin * cache.request(load.context))
    hidden = accelerator.usable_memory - visible  # what the driver keeps; 0 where a log states the visible memory
    if load.engine is EngineName.LLAMACPP:
        layers_here = -(-facts.layers // gpus) * request * load.concurrency // facts.layers
        free = visible - weights - peak - overhead - layers_here
        room, reserved = (layers_here, 0) if free >= 0 else (layers_here + free, 0)
        return _split(
            room,
            layers_here // max(1, load.concurrency),
            load,
            weights,
            peak,
            overhead + hidden,
            reserved,
            max(0, free),
        )
    if load.engine is EngineName.SGLANG:
        share = mem_fraction_static(facts, accelerator, gpus, load)
        loaded = visible - rules.context - shared
        room = int(share * loaded) - weights - rules.workspace
        reserved = loaded - int(share * loaded) - min(peak, loaded - int(share * loaded))
        return _split(
            room, request, load, weights, loaded - int(share * loaded) - reserved, overhead + hidden, reserved, 0
        )
    share = load.memory_share or rules.share or 1.0
    room = int(share * visible) - weights - peak - overhead
    return _split(room, request, load, weights, peak, overhead + hidden, visible - int(share * visible), 0)


def _split(
    room: int, request: int, load: Load, weights: int, peak: int, overhead: int, reserved: int, free: int
) -> MemorySplit:
    return MemorySplit(
        weights=weights,
        kv_cache=room,
        activations=peak,
        overhead=overhead,
        reserved=reserved,
        free=free,
        kv_tokens=max(0, room) * load.context // request,
        requests=max(0, room) // request,
    )
