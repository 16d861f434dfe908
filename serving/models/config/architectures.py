"""What a model class has that its config.json does not say: biases, norms, the defaults of fields left out.

Read in huggingface/transformers 5.23.0, `models/<model_type>/configuration_*.py` and `modeling_*.py`, on 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Architecture:
    qkv_bias: bool = False
    """Default of `attention_bias` for the query, key and value projections."""

    output_bias: bool = False
    """Whether `attention_bias` covers the output projection too."""

    qk_norm: Literal["none", "head", "full"] = "none"
    """Norms of queries and keys: over one head, or over all of them."""

    layer_norms: int = 2
    tied: bool = False
    """Default of `tie_word_embeddings`."""

    window_pattern: int = 1
    """Every so manieth layer sees everything, the others `sliding_window` tokens; 1 with a window: none does."""

    windowed: bool = True
    """Default of `use_sliding_window`."""

    router_bias: bool = False
    expert_bias: bool = False
    shared_gate: bool = False
    """A gate for the shared expert, one number per hidden unit."""

    attention_output_gate: bool = False
    """Queries are projected twice as wide: the second half gates the output."""

    sinks: bool = False
    """One number per head beside the keys."""

    prediction_embeddings: bool = False
    """Whether multi-token prediction layers store embedding and head once more."""

    defaults: Mapping[str, int] = field(default_factory=dict)
    """Fields that repositories of this class leave out of config.json."""

    dtype: Literal["bfloat16"] | None = None
    """What the unquantized weights are where config.json does not say."""


_LLAMA = Architecture(output_bias=True)
_QWEN2 = Architecture(qkv_bias=True, windowed=False)
_QWEN3 = Architecture(qk_norm="head", output_bias=True, windowed=False)
_QWEN_3_5 = Architecture(qk_norm="head", output_bias=True, shared_gate=True, attention_output_gate=True)
_QWEN_NEXT = replace(_QWEN_3_5, defaults={"mtp_num_hidden_layers": 1})  # stored, and not in config.json
_GEMMA = Architecture(tied=True)
_LATENT = Architecture(router_bias=True)
_DEEPSEEK = Architecture(router_bias=True, prediction_embeddings=True)

ARCHITECTURES = {
    "llama": _LLAMA,
    "mistral": Architecture(),
    "ministral3": Architecture(),
    "mixtral": Architecture(),
    "qwen2": _QWEN2,
    "qwen3": _QWEN3,
    "qwen3_moe": _QWEN3,
    "qwen3_vl_text": _QWEN3,
    "qwen3_vl_moe_text": _QWEN3,
    "qwen3_next": _QWEN_NEXT,
    "qwen3_5_text": _QWEN_3_5,
    "qwen3_5_moe_text": _QWEN_3_5,
    "gemma": _GEMMA,
    "gemma2": Architecture(tied=True, layer_norms=4, window_pattern=2),
    "gemma3_text": Architecture(
        tied=True,
        layer_norms=4,
        window_pattern=6,
        qk_norm="head",
        defaults={
            "vocab_size": 262_208,
            "max_position_embeddings": 131_072,
            "head_dim": 256,
            "num_attention_heads": 8,
            "num_key_value_heads": 4,
        },
    ),
    "gemma4_text": Architecture(tied=True, layer_norms=4, window_pattern=6, qk_norm="head"),
    "phi3": Architecture(),
    "granite": _LLAMA,
    "cohere": Architecture(tied=True, layer_norms=1),
    "cohere2": Architecture(tied=True, layer_norms=1, window_pattern=4),
    "olmo2": Architecture(qk_norm="full"),
    "smollm3": Architecture(tied=True, windowed=False),
    "glm4": Architecture(layer_norms=4, qkv_bias=True),
    "glm4_moe": Architecture(qk_norm="head", router_bias=True),
    "glm4_moe_lite": _LATENT,
    "glm_moe_dsa": _LATENT,
    "deepseek_v2": Architecture(),
    "deepseek_v3": _DEEPSEEK,
    "deepseek_v32": _DEEPSEEK,
    "kimi_k2": _DEEPSEEK,
    "minimax_m2": Architecture(qk_norm="full", router_bias=True),
    "llama4_text": Architecture(),
    "gpt_oss": Architecture(
        qkv_bias=True, output_bias=True, router_bias=True, expert_bias=True, sinks=True, dtype="bfloat16"
    ),
    "nemotron_h": Architecture(layer_norms=1, router_bias=True),
}

GENERIC = Architecture(output_bias=True, windowed=False)
"""For a class that is not known: as Llama, and every layer sees everything, so that the cache is never too small."""
