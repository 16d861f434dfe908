"""Does a model fit so many GPUs of a kind: the engine's word, tensor parallelism, memory, in that order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from llmctl.serving.hardware.accelerator import Accelerator, Vendor
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.engine_memory import GIB
from llmctl.serving.sizing.load import Load, prefill_tokens
from llmctl.serving.sizing.memory import MemorySplit, split_memory
from llmctl.serving.sizing.tensor_parallel import refuses_width

EngineRefuses = Callable[[ModelFacts, Load, Accelerator, int], str | None]
"""The seam to `serving.engines`: why the engine of the load cannot serve this model on so many of these, or None."""

SMALLER_PREFILLS = (4096, 2048, 1024, 512)
"""Tokens computed at once that are tried, largest first, where the engine's default leaves too little for the cache."""


@dataclass(frozen=True, kw_only=True)
class Judgement:
    memory: MemorySplit | None
    """None where it was not looked at, because something else refuses."""

    prefill_tokens: int | None = None
    """What the engine has to be told, None: its default will do."""

    reason: str | None = None
    """None: it fits."""


def judge(
    facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load, *, engine_refuses: EngineRefuses | None = None
) -> Judgement:
    """Whether one replica on `gpus` GPUs holds `load.concurrency` requests of `load.context` tokens."""
    if accelerator.vendor is Vendor.AWS:
        return Judgement(
            memory=None, reason=f"{accelerator.title} takes models compiled for it, which llmctl does not size"
        )
    refused = refuses_width(facts, gpus, load.engine)
    if engine_refuses is not None:
        refused = engine_refuses(facts, load, accelerator, gpus) or refused
    if refused:
        return Judgement(memory=None, reason=refused)
    memory = split_memory(facts, accelerator, gpus, load)
    if memory.requests >= load.concurrency:
        return Judgement(memory=memory)
    if load.prefill_tokens is None and memory.kv_cache + memory.activations > 0:
        default = prefill_tokens(facts, accelerator, gpus, load)
        for tokens in SMALLER_PREFILLS:
            if tokens < default:
                less = split_memory(facts, accelerator, gpus, replace(load, prefill_tokens=tokens))
                if less.requests >= load.concurrency:
                    return Judgement(memory=less, prefill_tokens=tokens)
    return Judgement(memory=memory, reason=_short_of_memory(accelerator, gpus, load, memory))


def _short_of_memory(accelerator: Accelerator, gpus: int, load: Load, memory: MemorySplit) -> str:
    here = f"{gpus} x {accelerator.name} ({accelerator.usable_memory / GIB:.1f} GiB each)"
    if memory.kv_cache <= 0:
        return f"{memory.weights / GIB:.1f} GiB of weights per GPU leave no room for a cache on {here}"
    requests = "1 request" if load.concurrency == 1 else f"{load.concurrency} requests"
    return f"{memory.kv_tokens:,} tokens of cache on {here} do not hold {requests} of {load.context:,} tokens"
