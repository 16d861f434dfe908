from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.server.errors import ValidationFailed
from llmctl.serving.server.schemas import GenerateParameters, GenerateRequest
from llmctl.serving.server.validation import Limits, checked, new_tokens_allowed

LIMITS = Limits(max_best_of=2, max_stop_sequences=4, max_top_n_tokens=5, max_input_tokens=1000, max_total_tokens=2000)

FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"best_of": 3, "do_sample": True}, "`best_of` must be > 0 and <= 2. Given: 3"),
    ({"best_of": 2}, "you must use sampling when `best_of` is > 1"),
    ({"best_of": 2, "do_sample": True, "seed": 1}, "`seed` must not be set when `best_of` > 1"),
    ({"temperature": 0.0}, "`temperature` must be strictly positive"),
    ({"temperature": -1.0}, "`temperature` must be strictly positive"),
    ({"repetition_penalty": 0.0}, "`repetition_penalty` must be strictly positive"),
    ({"frequency_penalty": 2.1}, "`frequency_penalty` must be >= -2.0 and <= 2.0"),
    ({"top_p": 1.0}, "`top_p` must be > 0.0 and < 1.0"),
    ({"top_p": 0.0}, "`top_p` must be > 0.0 and < 1.0"),
    ({"typical_p": 1.0}, "`typical_p` must be > 0.0 and < 1.0"),
    ({"top_k": 0}, "`top_k` must be strictly positive"),
    ({"max_new_tokens": 0}, "`max_new_tokens` must be strictly positive"),
    ({"stop": list("abcde")}, "`stop` supports up to 4 stop sequences. Given: 5"),
    ({"top_n_tokens": 6}, "`top_n_tokens` must be >= 0 and <= 5. Given: 6"),
    ({"truncate": 0}, "`truncate` must be strictly positive and less than 1000. Given: 0"),
    ({"truncate": 1001}, "`truncate` must be strictly positive and less than 1000. Given: 1001"),
]


@pytest.mark.parametrize(("parameters", "text"), FAULTS, ids=lambda value: str(value))
def test_a_fault_has_tgis_text(parameters: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationFailed) as failure:
        checked(GenerateParameters(**parameters), LIMITS)
    assert str(failure.value) == f"Input validation error: {text}"


@pytest.mark.parametrize("field", ["decoder_input_details", "watermark", "adapter_id"])
def test_what_llama_cpp_cannot_do_is_refused_by_name(field: str) -> None:
    value: Any = "lora" if field == "adapter_id" else True
    with pytest.raises(ValidationFailed, match=f"`{field}` is not supported by this server"):
        checked(GenerateParameters(**{field: value}), LIMITS)


def test_best_of_is_refused_in_a_stream_and_where_it_is_switched_off() -> None:
    with pytest.raises(ValidationFailed, match="`best_of` != 1 is not supported when streaming tokens"):
        checked(GenerateParameters(best_of=2, do_sample=True), LIMITS, stream=True)
    off = Limits(max_best_of=1, max_stop_sequences=4, max_top_n_tokens=5, max_input_tokens=1000, max_total_tokens=2000)
    with pytest.raises(ValidationFailed, match="`best_of` != 1 is not allowed for this endpoint"):
        checked(GenerateParameters(best_of=2, do_sample=True), off)


@pytest.mark.parametrize(
    ("body", "samples"),
    [
        ({}, True),
        ({"parameters": {}}, False),
        ({"parameters": {"do_sample": True}}, True),
        ({"parameters": {"temperature": 0.5}}, True),
        ({"parameters": {"temperature": 1.0}}, False),
        ({"parameters": {"top_k": 10}}, True),
        ({"parameters": {"top_p": 0.9}}, True),
        ({"parameters": {"typical_p": 0.9}}, True),
        ({"parameters": {"seed": 1}}, False),
    ],
    ids=str,
)
def test_sampling_is_on_without_parameters_and_off_with_empty_ones(body: dict[str, Any], samples: bool) -> None:
    request = GenerateRequest.model_validate({"inputs": "x", **body})
    assert checked(request.parameters, LIMITS).sampling is samples


def test_a_seed_is_drawn_where_none_is_given() -> None:
    assert checked(GenerateParameters(), LIMITS).seed != checked(GenerateParameters(), LIMITS).seed
    assert checked(GenerateParameters(seed=0), LIMITS).seed == 0


@given(st.integers(1, 3000), st.none() | st.integers(1, 4000))
def test_what_is_allowed_always_fits_into_the_context(input_tokens: int, wanted: int | None) -> None:
    try:
        allowed = new_tokens_allowed(input_tokens, wanted, LIMITS)
    except ValidationFailed:
        assert input_tokens > LIMITS.max_input_tokens or input_tokens + min(wanted or 0, 1024) > LIMITS.max_total_tokens
    else:
        assert 0 < allowed <= LIMITS.max_total_tokens - input_tokens
        assert wanted is None or allowed <= wanted


def test_a_wish_beyond_one_slice_is_shortened_instead_of_refused() -> None:
    assert new_tokens_allowed(900, 5000, LIMITS) == 1100
    with pytest.raises(ValidationFailed, match="Given: 977 `inputs` tokens and 1024 `max_new_tokens`"):
        new_tokens_allowed(977, 5000, LIMITS)
