from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from doubles.gguf_files import write_gguf

from llmctl.serving.models.facts_reader import model_facts
from llmctl.serving.models.gguf import GgufFacts, inspect
from llmctl.serving.models.memory import MARGIN, kv_cache, memory_needed, resident


@pytest.fixture
def facts(tmp_path: Path) -> GgufFacts:
    return inspect(write_gguf(tmp_path / "tiny.gguf"))


def test_a_token_keeps_its_keys_and_values_in_every_layer(facts: GgufFacts) -> None:
    assert kv_cache(facts, tokens=1) == 2 * 2 * (16 + 16) * 2


def test_the_known_cache_of_llama_3_1_8b_comes_out(facts: GgufFacts) -> None:
    # 128 KiB per token, the figure its model card and every sizing guide give for f16.
    llama = replace(facts, layers=32, kv_heads=8, key_length=128, value_length=128)
    assert kv_cache(llama, tokens=1) == 128 * 1024


def test_more_of_anything_needs_more(facts: GgufFacts) -> None:
    least = memory_needed(facts, slots=1, context=1024)
    assert memory_needed(facts, slots=2, context=1024) > least
    assert memory_needed(facts, slots=1, context=2048) > least
    assert memory_needed(facts, slots=1, context=1024, ubatch=1024) > least


def test_a_larger_file_needs_as_much_more_and_the_margin(facts: GgufFacts) -> None:
    larger = replace(facts, file_size=facts.file_size + 1_000_000)
    more = memory_needed(larger, slots=1, context=1) - memory_needed(facts, slots=1, context=1)
    assert more == pytest.approx(MARGIN * 1_000_000, abs=1)


def test_the_facts_of_sizing_give_the_same_memory(facts: GgufFacts, tmp_path: Path) -> None:
    model = model_facts("./tiny.gguf", base=tmp_path, hub=None)
    needed = resident(
        file=model.weight_bytes,
        cache=kv_cache(facts, tokens=4 * 1024),
        embedding=model.hidden_size,
        feed_forward=model.intermediate_size,
        vocabulary=model.vocabulary,
        slots=4,
    )
    assert needed == memory_needed(facts, slots=4, context=1024)
