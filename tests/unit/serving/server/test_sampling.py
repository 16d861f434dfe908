from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.server.sampling import sampling_body, seed_32
from llmctl.serving.server.schemas import GenerateParameters
from llmctl.serving.server.validation import Limits, checked

LIMITS = Limits(max_best_of=2, max_stop_sequences=4, max_top_n_tokens=5, max_input_tokens=1000, max_total_tokens=2000)


def body(**parameters: Any) -> dict[str, Any]:
    return sampling_body(checked(GenerateParameters(**parameters), LIMITS), window=100)


def test_greedy_takes_the_likeliest_after_the_penalties() -> None:
    greedy = body(repetition_penalty=1.2)
    assert greedy["samplers"] == ["penalties", "top_k"]
    assert greedy["top_k"] == 1
    assert greedy["repeat_penalty"] == 1.2
    assert greedy["repeat_last_n"] == 100


def test_sampling_runs_tgis_chain_and_nothing_of_llama_cpps() -> None:
    sampled = body(do_sample=True)
    assert sampled["samplers"] == ["penalties", "temperature", "top_k", "top_p", "typ_p"]
    neutral = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "typical_p": 1.0, "repeat_penalty": 1.0}
    assert {name: sampled[name] for name in neutral} == neutral
    assert sampled["frequency_penalty"] == sampled["presence_penalty"] == 0.0


@pytest.mark.parametrize(
    ("given_", "name", "value"),
    [("temperature", "temperature", 0.4), ("top_k", "top_k", 7), ("top_p", "top_p", 0.3), ("typical_p",) * 2 + (0.2,)],
)
def test_a_given_parameter_reaches_llama_cpp(given_: str, name: str, value: float) -> None:
    assert body(**{given_: value})[name] == value


@given(st.integers(0, 2**64 - 1))
def test_a_seed_never_becomes_the_value_that_means_draw_one(seed: int) -> None:
    assert 0 <= seed_32(seed) < 0xFFFFFFFF


def test_small_seeds_stay_apart() -> None:
    assert len({seed_32(seed) for seed in range(1000)}) == 1000
