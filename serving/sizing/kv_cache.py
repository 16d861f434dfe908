"""Bytes of the key-value cache: per token, and per request of a given length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName

CACHE_BYTES: Mapping[str, float] = MappingProxyType(
    {
        "fp8_e4m3": 1.0,
        "fp8_e5m2": 1.0,
        # llama.cpp ggml/src/ggml-common.h: 32 numbers with a scale of 16 bits, in the _1 formats a minimum too.
        "q8_0": 34 / 32,
        "q5_1": 24 / 32,
        "q5_0": 22 / 32,
        "q4_1": 20 / 32,
        "q4_0": 18 / 32,
        "iq4_nl": 18 / 32,
    }
)
"""Word of `llmctl engines` for a cache smaller than 16 bits -> bytes of a number."""

EXPANDED = 3
"""Head size of expanded latent attention in rope_head_dims: 128 + 64 of 64 in DeepSeek-V2, V3 and Kimi K2 (TGI's
models/__init__.py pads keys and values to the larger). Assumed of others."""


@dataclass(frozen=True)
class KvCache:
    """What one GPU keeps. Bytes."""

    per_token: int
    """Of the layers that look back over everything."""

    per_window_token: int
    """Of the layers that look back `window` tokens only, where the engine frees what has left the window."""

    window: int
    per_request: int
    """Whatever the length: state of linear-attention and Mamba layers."""

    def request(self, context: int) -> int:
        """Bytes of one running request of `context` tokens, prompt and answer together."""
        return self.per_token * context + self.per_window_token * min(context, self.window) + self.per_request


def kv_cache(facts: ModelFacts, *, engine: EngineName, dtype: str | None, gpus: int) -> KvCache:
    """The cache of one GPU out of `gpus`.

        bytes per token = 2 * layers * kv_heads / gpus * head_dim * bytes of the dtype

    (TGI 3.3.7 models/flash_causal_lm.py); no GPU keeps less than one head. Latent attention keeps one vector of
    kv_lora_rank + rope_head_dim numbers per layer on every GPU (DeepSeek-V2, arXiv 2405.04434, section 2.1; vLLM and
    SGLang do not divide it), and an indexer's in 8 bits with 4 bytes of scale per 128. TGI expands the vector to keys
    and values of every head, and keeps windowed layers whole. llama.cpp divides by layers: what counts is the GPU with
    most of them.
    """
    if engine is EngineName.LLAMACPP and gpus > 1:
        whole, most = kv_cache(facts, engine=engine, dtype=dtype, gpus=1), -(-facts.layers // gpus)
        return KvCache(
            per_token=whole.per_token * most // facts.layers,
            per_window_token=whole.per_window_token * most // facts.layers,
            window=whole.window,
            per_request=whole.per_request * most // facts.layers,
        )
    size = CACHE_BYTES.get(dtype or "", 2)
    if facts.latent_attention is not None and engine is not EngineName.TGI:
        latent = facts.latent_attention
        per_token = int(facts.kv_layers * (latent.width * size + latent.index_head_dim * 33 // 32))
        return KvCache(per_token=per_token, per_window_token=0, window=0, per_request=facts.state_bytes // gpus)
    heads, head_dim = facts.kv_heads, facts.head_dim
    if facts.latent_attention is not None:
        heads, head_dim = facts.heads, EXPANDED * facts.latent_attention.rope_head_dim
    width = int(2 * max(1, -(-heads // gpus)) * head_dim * size)
    windowed = facts.window_layers if engine is not EngineName.TGI and facts.sliding_window else 0
    window_heads = facts.window_kv_heads or heads
    window_width = int(2 * max(1, -(-window_heads // gpus)) * (facts.window_head_dim or head_dim) * size)
    kept_whole = facts.window_layers - windowed
    return KvCache(
        per_token=(facts.kv_layers - facts.window_layers) * width + kept_whole * window_width,
        per_window_token=windowed * window_width,
        window=facts.sliding_window or 0,
        per_request=facts.state_bytes // gpus,
    )
