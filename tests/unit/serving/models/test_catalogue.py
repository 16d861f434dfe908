from __future__ import annotations

import json

import pytest

from llmctl.serving.models.catalogue import FILE, catalogue

KV_BYTES_PER_TOKEN = {
    "meta-llama/Llama-3.1-8B-Instruct": 131_072,
    "mistralai/Mistral-7B-Instruct-v0.3": 131_072,
    "mistralai/Mixtral-8x7B-Instruct-v0.1": 131_072,
    "meta-llama/Llama-3.1-70B-Instruct": 327_680,
    "meta-llama/Llama-3.3-70B-Instruct": 327_680,
    "Qwen/Qwen2.5-72B-Instruct": 327_680,
    "Qwen/Qwen2.5-7B-Instruct": 57_344,
    "Qwen/Qwen2.5-14B-Instruct": 196_608,
    "Qwen/Qwen2.5-32B-Instruct": 262_144,
    "google/gemma-2-9b-it": 344_064,
    "google/gemma-2-27b-it": 376_832,
    "microsoft/Phi-3-mini-4k-instruct": 393_216,
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": 196_608,
    "TinyLlama/TinyLlama-1.1B-Chat-v1.0": 22_528,
}
"""In 16 bits, every layer counted whole: 2 x layers x kv_heads x head_dim x 2, as TGI computes it (flash_causal_lm.py)."""


@pytest.mark.parametrize(("model_id", "expected"), KV_BYTES_PER_TOKEN.items())
def test_the_rows_give_the_cache_that_tgi_computes(model_id: str, expected: int) -> None:
    facts = catalogue()[model_id]
    assert 2 * facts.kv_layers * facts.kv_heads * facts.head_dim * 2 == expected


@pytest.mark.parametrize("model_id", list(catalogue()))
def test_every_row_says_where_and_when_it_was_read(model_id: str) -> None:
    row = json.loads(FILE.read_text())[model_id]
    assert "@" in row["source"]
    assert row["source"].strip().endswith((".json", ".py", ")", ".md"))
    assert row["read_on"].startswith("2026-")
