import pytest
from drivers.models import model

from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.models.facts import LatentAttention
from llmctl.serving.sizing.kv_cache import CACHE_BYTES, kv_cache
from llmctl.serving.spec import EngineName

# As TGI 3.3.7 computes them (models/flash_causal_lm.py): bytes per token in 16 bits, by layers, KV heads and head size.
TABLE = {
    "Llama-3.1-8B, Mistral-7B, Mixtral-8x7B": (32, 8, 128, 131_072),
    "Llama-3.x-70B, Qwen2.5-72B": (80, 8, 128, 327_680),
    "Qwen2.5-7B": (28, 4, 128, 57_344),
    "Qwen2.5-14B": (48, 8, 128, 196_608),
    "Qwen2.5-32B": (64, 8, 128, 262_144),
    "Gemma-2-9b": (42, 8, 256, 344_064),
    "Gemma-2-27b": (46, 16, 128, 376_832),
    "Phi-3-mini": (32, 32, 96, 393_216),
    "SmolLM2-1.7B": (24, 32, 64, 196_608),
    "TinyLlama-1.1B": (22, 4, 64, 22_528),
}


@pytest.mark.parametrize("name", TABLE)
def test_bytes_per_token_are_those_of_the_table(name: str) -> None:
    layers, kv_heads, head_dim, expected = TABLE[name]
    facts = model(layers=layers, kv_layers=layers, heads=kv_heads, kv_heads=kv_heads, head_dim=head_dim)
    assert kv_cache(facts, engine=EngineName.TGI, dtype=None, gpus=1).per_token == expected
    assert kv_cache(facts, engine=EngineName.TGI, dtype="fp8_e5m2", gpus=1).per_token == expected // 2


def test_every_word_of_the_engines_for_a_cache_has_its_bytes() -> None:
    assert set(CACHE_BYTES) == {word for engine in ENGINES.values() for word in engine.kv_cache_dtypes}
    facts = model()
    whole, eight = (kv_cache(facts, engine=EngineName.LLAMACPP, dtype=word, gpus=1) for word in (None, "q8_0"))
    assert eight.per_token == whole.per_token * 34 // 64


def test_the_cache_is_divided_over_gpus_until_each_has_one_head() -> None:
    facts = model(kv_heads=4, heads=32)
    whole, half, eighth = (kv_cache(facts, engine=EngineName.VLLM, dtype=None, gpus=n).per_token for n in (1, 2, 8))
    assert half == whole // 2
    assert eighth == whole // 4, "with more GPUs than KV heads each keeps a whole head"


def test_latent_attention_is_not_divided_and_tgi_expands_it() -> None:
    facts = model(
        layers=61,
        kv_layers=61,
        heads=128,
        kv_heads=128,
        latent_attention=LatentAttention(kv_lora_rank=512, rope_head_dim=64),
    )
    one, eight = (kv_cache(facts, engine=EngineName.VLLM, dtype=None, gpus=n).per_token for n in (1, 8))
    assert one == eight == 61 * 576 * 2
    assert kv_cache(facts, engine=EngineName.TGI, dtype=None, gpus=8).per_token == 2 * 61 * 16 * 192 * 2


def test_a_state_is_kept_per_request_whatever_its_length() -> None:
    cache = kv_cache(model(state_bytes=1_000_000), engine=EngineName.VLLM, dtype=None, gpus=2)
    assert cache.request(10) - 10 * cache.per_token == 500_000


def test_an_indexer_of_sparse_attention_is_cached_in_eight_bits_with_scales() -> None:
    latent = LatentAttention(kv_lora_rank=512, rope_head_dim=64, index_head_dim=128)
    cache = kv_cache(model(latent_attention=latent), engine=EngineName.VLLM, dtype=None, gpus=1)
    assert cache.per_token == 32 * (576 * 2 + 128 + 4)


def test_a_windowed_layer_stops_growing_except_in_tgi() -> None:
    facts = model(layers=24, kv_layers=24, window_layers=12, sliding_window=128, kv_heads=8, head_dim=64)
    vllm = kv_cache(facts, engine=EngineName.VLLM, dtype=None, gpus=1)
    tgi = kv_cache(facts, engine=EngineName.TGI, dtype=None, gpus=1)
    assert vllm.request(100) == tgi.request(100)
    assert vllm.request(10_000) == tgi.request(10_000) // 2 + 12 * 2 * 8 * 64 * 2 * 128
