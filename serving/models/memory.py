"""How much memory serving a GGUF takes, before anything is loaded."""

from __future__ import annotations

from llmctl.serving.models.gguf import GgufFacts

KV_BYTES = 2
"""Bytes of one number in the key-value cache: llama.cpp's default is f16."""

ACTIVATION_BYTES = 4
"""llama.cpp computes in f32 on a CPU."""

ACTIVATIONS = 4
"""Copies of a layer's input and of its feed-forward part that are alive at once; fitted to the measurements."""

UBATCH = 512
"""Tokens that llama.cpp computes at once by default (`n_ubatch`)."""

VOCABULARY_BYTES = 700
"""Per token in llama.cpp's tokenizer tables; fitted to the measurements (33 MB for 49,152 tokens)."""

PROCESS = 32 * 1024 * 1024
"""Bytes of a Python process that has loaded llama.cpp and no model: 24 MB measured, rounded up."""

HTTP_API = 256 * 1024 * 1024
"""Bytes of llmctl's server above `resident`. Its peak was 114 and 124 MB above with 1 x 1,024 and 8 x 2,048 tokens of
SmolLM2-135M (x86-64, Python 3.11, every slot filled once); as much again is for large requests, and is assumed."""

MARGIN = 1.1
"""Too little ends in the kernel killing the server, too much in a refusal that a smaller context mends."""


def memory_needed(facts: GgufFacts, *, slots: int, context: int, ubatch: int = UBATCH) -> int:
    """`resident` of a file for `slots` parallel requests of up to `context` tokens each.

    Its key-value cache is llama.cpp's own arithmetic (llama-kv-cache.cpp): exact for plain attention, too much for
    sliding windows.
    """
    return resident(
        file=facts.file_size,
        cache=kv_cache(facts, tokens=slots * context),
        embedding=facts.embedding_length,
        feed_forward=facts.feed_forward_length,
        vocabulary=facts.vocabulary,
        slots=slots,
        ubatch=ubatch,
    )


def resident(
    *, file: int, cache: int, embedding: int, feed_forward: int, vocabulary: int, slots: int, ubatch: int = UBATCH
) -> int:
    """Bytes of resident memory of llama.cpp on a CPU. `file` and `cache` (of all slots) are bytes, the rest numbers.

        MARGIN * (file + cache
                  + ACTIVATIONS * (embedding + feed_forward) * ACTIVATION_BYTES * ubatch
                  + vocabulary * (VOCABULARY_BYTES + ACTIVATION_BYTES * slots) + PROCESS)

    The file counts whole, as its pages are all touched. The rest was fitted to SmolLM2-135M Q4_1 (xllamacpp
    2026.10.11549, x86-64, every slot filled once): in seven settings from 1 x 1,024 to 4 x 4,096 tokens the result is
    10 to 20 % above the resident memory (docs/models.md has the table). Not in it: the HTTP API above llama.cpp
    (HTTP_API), and copies of the weights that llama.cpp rearranges for some processors.
    """
    compute = ACTIVATIONS * (embedding + feed_forward) * ACTIVATION_BYTES * ubatch
    tables = vocabulary * (VOCABULARY_BYTES + ACTIVATION_BYTES * slots)
    return int(MARGIN * (file + cache + compute + tables + PROCESS))


def kv_cache(facts: GgufFacts, *, tokens: int) -> int:
    """Bytes of the key-value cache for that many tokens in all slots together."""
    per_token = facts.layers * facts.kv_heads * (facts.key_length + facts.value_length) * KV_BYTES
    return per_token * tokens
