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

MARGIN = 1.1
"""Too little ends in the kernel killing the server, too much in a refusal that a smaller context mends."""


def memory_needed(facts: GgufFacts, *, slots: int, context: int, ubatch: int = UBATCH) -> int:
    """Bytes of resident memory for `slots` parallel requests of up to `context` tokens each, on a CPU.

        MARGIN * (file + layers * kv_heads * (key_length + value_length) * KV_BYTES * slots * context
                  + ACTIVATIONS * (embedding + feed_forward) * ACTIVATION_BYTES * ubatch
                  + vocabulary * (VOCABULARY_BYTES + ACTIVATION_BYTES * slots) + PROCESS)

    The key-value cache is llama.cpp's own arithmetic (llama-kv-cache.cpp): exact for plain attention, too much for
    sliding windows. The file counts whole, as its pages are all touched. The rest was fitted to SmolLM2-135M Q4_1
    (xllamacpp 2026.10.11549, x86-64, every slot filled once): in seven settings from 1 x 1,024 to 4 x 4,096 tokens the
    result is 10 to 20 % above the resident memory (docs/models.md has the table). Not in it: the HTTP API above
    llama.cpp, and copies of the weights that llama.cpp rearranges for some processors.
    """
    compute = ACTIVATIONS * (facts.embedding_length + facts.feed_forward_length) * ACTIVATION_BYTES * ubatch
    vocabulary = facts.vocabulary * (VOCABULARY_BYTES + ACTIVATION_BYTES * slots)
    return int(MARGIN * (facts.file_size + kv_cache(facts, tokens=slots * context) + compute + vocabulary + PROCESS))


def kv_cache(facts: GgufFacts, *, tokens: int) -> int:
    """Bytes of the key-value cache for that many tokens in all slots together."""
    per_token = facts.layers * facts.kv_heads * (facts.key_length + facts.value_length) * KV_BYTES
    return per_token * tokens
