"""TGI's own default of max_batch_prefill_tokens, which decides how much its warm-up needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts

LAUNCHER_TFLOPS: Mapping[str, int] = MappingProxyType(
    {
        "t4": 65,
        "l4": 121,
        "l40": 181,
        "l40s": 363,
        "a10g": 125,
        "a40": 149,
        "a100": 312,
        "a100-80gb": 312,
        "a100-80gb-pcie": 312,
        "h100": 900,
        "h100-nvl": 900,
        "h200": 989,
    }
)
"""What TGI 3.3.7 takes the cards it knows by name for (launcher/src/main.rs, f16_flop); not what data sheets say."""

WIGGLE_ROOM = 0.95
"""TGI_WIGGLE_ROOM as the launcher has it; the server's own default is 0.90."""

FALLBACK: Mapping[str, int] = MappingProxyType({"qwen2_vl": 10_000, "qwen2_5_vl": 10_000, "gemma3": 8_000})
VISION = frozenset({"gemma3", "qwen2_vl", "qwen2_5_vl", "mllama", "llava_next", "idefics3", "paligemma", "llama4"})


def default_prefill_tokens(
    facts: ModelFacts, accelerator: Accelerator, gpus: int, *, quantization: str | None = None
) -> int:
    """Tokens, as TGI 3.3.7's launcher computes them (launcher/src/main.rs, main).

    min(16-bit FLOP/s of the GPUs / FLOP of one token, max_position_embeddings, tokens that fit the memory), where the
    first falls back to 4096 for a card or model the launcher cannot judge, and the last counts only for 16-bit weights.
    """
    tokens = FALLBACK.get(facts.model_type, 4096)
    tflops = LAUNCHER_TFLOPS.get(accelerator.name)
    if tflops is not None and facts.model_type not in VISION:
        by_compute = tflops * 10**12 * gpus // token_flop(facts)
        tokens = by_compute if by_compute > 100 else tokens
    tokens = min(tokens, facts.max_context)
    if facts.quantization is None and quantization is None and tflops is not None:
        room = int(WIGGLE_ROOM * accelerator.usable_memory * gpus) - _model_bytes(facts)
        if room > 0:
            tokens = min(tokens, room // _token_bytes(facts))
    return max(1, tokens)


def token_flop(facts: ModelFacts) -> int:
    """FLOP per token of prefill as the launcher counts them: projections, attention, the active experts."""
    width = facts.heads * facts.head_dim
    attention = 2 * facts.hidden_size * (3 * width + 2 * facts.kv_heads * facts.head_dim)
    feed_forward = 6 * facts.hidden_size * facts.intermediate_size * max(1, facts.active_experts)
    return (attention + feed_forward) * facts.layers


def _model_bytes(facts: ModelFacts) -> int:
    attention = (facts.heads + 2 * facts.kv_heads) * facts.head_dim + facts.heads * facts.head_dim * facts.hidden_size
    feed_forward = 3 * facts.intermediate_size * max(1, facts.experts) * facts.hidden_size
    return 2 * ((attention + feed_forward) * facts.layers + 2 * facts.hidden_size * facts.vocabulary)


def _token_bytes(facts: ModelFacts) -> int:
    cache = 4 * facts.kv_heads * facts.head_dim * facts.layers
    return cache + 6 * (facts.intermediate_size + facts.intermediate_size // 2) * max(1, facts.experts)
