"""MemorySplit: where the bytes of one GPU go. The rules of each engine come together here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.activations import activations
from llmctl.serving.sizing.engine_memory import ENGINE_MEMORY
from llmctl.serving.sizing.kv_cache import kv_cache
from llmctl.serving.sizing.load import Load, expert_kernel, visible_memory
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
    """Tokens the cache holds, in requests of the context asked for, as vLLM 0.33.0 prints it
    (v1/core/kv_cache_utils.py, get_kv_cache_capacity: requests at once times their length); 0 where nothing is left."""

    requests: int
    """Requests of that context at once."""


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """Bytes of one GPU that are gone whatever the cache gets, and what a request needs of it."""

    visible: int
    hidden: int
    """What the driver keeps; 0 where a log states the visible memory."""

    weights: int
    peak: int
    """Of the activations."""

    overhead: int
    request: int


def split_memory(facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load) -> MemorySplit:
    """The split on one GPU of a replica of `gpus`. Raises SizingError for a quantization the weights cannot have."""
    taken = _taken(facts, accelerator, gpus, load)
    match load.engine:
        case EngineName.LLAMACPP:
            return _as_much_as_needed(load, taken)
        case EngineName.SGLANG:
            return _static_fraction(facts, accelerator, gpus, load, taken)
        case _:
            return _share_of_the_gpu(load, taken)


def _taken(facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load) -> _Taken:
    rules, margin = ENGINE_MEMORY[load.engine], 1 + facts.margin
    visible = visible_memory(accelerator, load)
    kernel = expert_kernel(facts, accelerator, load)
    weights = int(margin * weights_per_gpu(facts, load.quantization, gpus, load.engine, kernel))
    graphs = rules.graphs_per_layer * facts.layers if load.graphs_counted else 0
    cache = kv_cache(facts, engine=load.engine, dtype=load.kv_cache_dtype, gpus=gpus)
    return _Taken(
        visible=visible,
        hidden=accelerator.usable_memory - visible,
        weights=weights + loaded_twice(facts, gpus, load.engine),
        peak=activations(facts, accelerator, gpus, load),
        overhead=rules.context + rules.workspace + _between_gpus(accelerator, gpus, load) + graphs,
        request=int(margin * cache.request(load.context)),
    )


def _between_gpus(accelerator: Accelerator, gpus: int, load: Load) -> int:
    if gpus == 1:
        return 0
    rules, hopper = ENGINE_MEMORY[load.engine], (accelerator.compute_capability or (0, 0)) >= (9, 0)
    return rules.communication_hopper if hopper and accelerator.nvlink else rules.communication


def _share_of_the_gpu(load: Load, taken: _Taken) -> MemorySplit:
    """TGI, vLLM: cache = share * visible - weights - activations - overhead.

    Only what a process holds counts against the share, as free memory is asked of CUDA (TGI 3.3.7
    models/flash_causal_lm.py, warmup; vLLM 0.33.0 v1/worker/gpu_worker.py).
    """
    share = load.memory_share or ENGINE_MEMORY[load.engine].share or 1.0
    usable = int(share * taken.visible)
    room = usable - taken.weights - taken.peak - taken.overhead
    return _split(load, taken, room=room, reserved=taken.visible - usable)


def _static_fraction(facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load, taken: _Taken) -> MemorySplit:
    """SGLang: cache = share * (visible - context) - weights - workspace; activations and graphs live in the rest.

    Source: srt/model_executor: of the bytes before loading (1 - mem_fraction_static) stay free.
    """
    rules = ENGINE_MEMORY[load.engine]
    before_loading = taken.visible - rules.context - _between_gpus(accelerator, gpus, load)
    static = int(mem_fraction_static(facts, accelerator, gpus, load) * before_loading)
    rest = before_loading - static
    reserved = rest - min(taken.peak, rest)
    room = static - taken.weights - rules.workspace
    return _split(load, replace(taken, peak=rest - reserved), room=room, reserved=reserved)


def _as_much_as_needed(load: Load, taken: _Taken) -> MemorySplit:
    """llama.cpp: cache = context * requests of the layers on this GPU; what is left stays free."""
    needed = taken.request * load.concurrency
    free = taken.visible - taken.weights - taken.peak - taken.overhead - needed
    return _split(load, taken, room=needed + min(0, free), free=max(0, free))


def _split(load: Load, taken: _Taken, *, room: int, reserved: int = 0, free: int = 0) -> MemorySplit:
    return MemorySplit(
        weights=taken.weights,
        kv_cache=room,
        activations=taken.peak,
        overhead=taken.overhead + taken.hidden,
        reserved=reserved,
        free=free,
        kv_tokens=max(0, room) * load.context // taken.request,
        requests=max(0, room) // taken.request,
    )
