"""SGLang's own default of mem_fraction_static: the share of a GPU for weights and cache."""

from __future__ import annotations

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.engine_memory import MIB
from llmctl.serving.sizing.load import Load, prefill_tokens

GRAPH_BATCHES = ((20, 8, 8), (35, 48, 160), (60, 32, 160), (160, 256, 512), (10**6, 512, 512))
"""GiB of a GPU, exclusive; largest decode batch captured with fewer than 4 GPUs, and with more."""

PREFILL_GRAPHS = 50 * 8
"""MiB: 8 for each captured prefill size. The number of sizes is assumed."""

LATENT_PREFILL_GRAPHS = 1536
"""MiB, with latent attention."""


def mem_fraction_static(facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load) -> float:
    """The share, to three places, as SGLang 0.5.23 computes it (srt/arg_groups/memory_hook.py).

    (memory - reserved) / memory, in MiB, with reserved = 512 + 1.5 * chunked_prefill_size + 128 * gpus
    + 2 * largest captured batch + prefill graphs, and never under 10 GiB on GPUs of more than 60 GiB.
    """
    if load.memory_share is not None:
        return load.memory_share
    memory = accelerator.usable_memory / MIB
    few, many = next((few, many) for below, few, many in GRAPH_BATCHES if memory < below * 1024)
    reserved = 512 + 1.5 * max(2048, prefill_tokens(facts, accelerator, gpus, load)) + 128 * gpus
    reserved += 2 * (few if gpus < 4 else many)
    reserved += LATENT_PREFILL_GRAPHS if facts.latent_attention is not None else PREFILL_GRAPHS
    if memory > 60 * 1024:
        reserved = max(reserved, 10 * 1024)
    return round((memory - reserved) / memory, 3)
