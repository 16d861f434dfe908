"""How much memory serving a GGUF takes, before anything is loaded."""

from __future__ import annotations

from llmctl.serving.models.gguf import GgufFacts

KV_BYTES = 2
"""Bytes of one number in the key-value cache: llama.cpp's default is f16."""

LOGIT_BYTES = 4
"""llama.cpp computes logits in f32."""

UBATCH = 512
"""Tokens that llama.cpp computes at once by default (`n_ubatch`)."""

PROCESS = 32 * 1024 * 1024
"""Bytes of a Python process that has loaded llama.cpp and no model: 24 MB measured, rounded up."""


def memory_needed(facts: GgufFacts, *, slots: int, context: int, ubatch: int = UBATCH) -> int:
    """Bytes of resident memory for `slots` parallel requests of up to `context` tokens each, on a CPU.

        file + layers * kv_heads * (key_length + value_length) * KV_BYTES * slots * context
             + ubatch * vocabulary * LOGIT_BYTES + PROCESS

    The second term is llama.cpp's key-value cache (llama-kv-cache.cpp), exact for plain attention and too much for
    sliding windows; the third its largest compute buffer, the logits of one batch, which is rarely touched whole.
    Measured with SmolLM2-135M Q4_1 after filling every slot (xllamacpp 2026.10.11549, x86-64): the result was 9 to 31 %
    more than the resident memory, with 1 x 1,024, 8 x 1,024 and 4 x 4,096; docs/models.md has the table. It is meant to
    be too much: too little ends in the kernel killing the server. The HTTP API above llama.cpp comes on top.
    """
    return facts.file_size + kv_cache(facts, tokens=slots * context) + _logits(facts, ubatch) + PROCESS


def kv_cache(facts: GgufFacts, *, tokens: int) -> int:
    """Bytes of the key-value cache for that many tokens in all slots together."""
    per_token = facts.layers * facts.kv_heads * (facts.key_length + facts.value_length) * KV_BYTES
    return per_token * tokens


def _logits(facts: GgufFacts, ubatch: int) -> int:
    return ubatch * facts.vocabulary * LOGIT_BYTES
