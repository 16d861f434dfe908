from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from doubles.gguf_files import write_gguf

from llmctl.serving.models.gguf import GgufFacts, inspect
from llmctl.serving.models.memory import kv_cache, memory_needed


@pytest.fixture
def facts(tmp_path: Path) -> GgufFacts:
    return inspect(write_gguf(tmp_path / "tiny.gguf"))


def test_a_token_keeps_its_keys_and_values_in_every_layer(facts: GgufFacts) -> None:
    assert kv_cache(facts, tokens=1) == 2 * 2 * (16 + 16) * 2


def test_the_known_cache_of_llama_3_1_8b_comes_out(facts: GgufFacts) -> None:
    # 128 KiB per token, the figure its model card and every sizing guide give for f16.
    llama = replace(facts, layers=32, kv_heads=8, key_length=128, value_length=128)
    assert kv_cache(llama, tokens=1) == 128 * 1024


def test_slots_and_context_count_alike(facts: GgufFacts) -> None:
    assert memory_needed(facts, slots=8, context=1024) == memory_needed(facts, slots=1, context=8192)


def test_a_larger_file_needs_as_much_more(facts: GgufFacts) -> None:
    larger = replace(facts, file_size=facts.file_size + 1000)
    assert memory_needed(larger, slots=1, context=1) - memory_needed(facts, slots=1, context=1) == 1000
