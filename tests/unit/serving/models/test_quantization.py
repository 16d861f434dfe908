from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.errors import ModelNotFound
from llmctl.serving.models.gguf_parts import is_split
from llmctl.serving.models.quantization import DEFAULT_ORDER, choose, choose_parts, label_of

REPOSITORY = "org/tiny-GGUF"


@pytest.mark.parametrize(
    ("filename", "label"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "Q4_1"),
        ("llama-2-7b.Q4_K_M.gguf", "Q4_K_M"),
        ("qwen2.5-0.5b-instruct-q8_0.gguf", "Q8_0"),
        ("Qwen3-8B-UD-Q4_K_XL.gguf", "Q4_K_XL"),
        ("gemma-3-4b-it-IQ4_XS.gguf", "IQ4_XS"),
        ("model-fp16.gguf", "F16"),
        ("BF16/model-BF16-00001-of-00002.gguf", "BF16"),
        ("gpt-oss-20b-MXFP4.gguf", "MXFP4"),
        ("Qwen3-8B.gguf", None),
    ],
)
def test_a_file_name_states_its_quantization(filename: str, label: str | None) -> None:
    assert label_of(filename) == label


@given(available=st.sets(st.sampled_from(DEFAULT_ORDER), min_size=1))
def test_without_a_word_the_first_of_the_documented_order_is_taken(available: set[str]) -> None:
    first = next(label for label in DEFAULT_ORDER if label in available)
    assert choose([f"m-{label}.gguf" for label in sorted(available)], None, repository=REPOSITORY) == f"m-{first}.gguf"


def test_a_single_file_is_taken_whatever_it_is_called() -> None:
    assert choose(["README.md", "model.gguf"], None, repository=REPOSITORY) == "model.gguf"


def test_companions_of_a_model_are_no_models() -> None:
    files = ["mmproj-model-Q8_0.gguf", "model.imatrix.gguf", "model-Q8_0.gguf"]
    assert choose(files, None, repository=REPOSITORY) == "model-Q8_0.gguf"


def test_a_missing_quantization_lists_what_there_is() -> None:
    with pytest.raises(ModelNotFound, match=r"no Q2_K file; set the quantization to one of: Q4_0, Q8_0"):
        choose(["m-Q8_0.gguf", "m-Q4_0.gguf"], "Q2_K", repository=REPOSITORY)


def test_unusual_quantizations_are_not_chosen_between() -> None:
    with pytest.raises(ModelNotFound, match="one of: IQ1_S, IQ2_M"):
        choose(["m-IQ1_S.gguf", "m-IQ2_M.gguf"], None, repository=REPOSITORY)


def test_two_files_of_one_quantization_are_ambiguous() -> None:
    with pytest.raises(ModelNotFound, match=r"several Q4_0 files: a-Q4_0\.gguf, b-Q4_0\.gguf"):
        choose(["b-Q4_0.gguf", "a-Q4_0.gguf"], None, repository=REPOSITORY)


def test_a_split_file_is_refused_with_what_is_in_one_file() -> None:
    files = ["m-BF16-00001-of-00002.gguf", "m-BF16-00002-of-00002.gguf", "m-Q8_0.gguf"]
    with pytest.raises(ModelNotFound, match=r"BF16 file split in 2 parts .*in one file \(Q8_0\)"):
        choose(files, "BF16", repository=REPOSITORY)


def test_a_split_file_does_not_hide_a_whole_one() -> None:
    files = ["m-Q4_K_M-00001-of-00002.gguf", "m-Q4_K_M-00002-of-00002.gguf", "m-Q8_0.gguf"]
    assert choose(files, None, repository=REPOSITORY) == "m-Q8_0.gguf"
    assert is_split(files[0])


def test_only_split_files_are_refused_as_split() -> None:
    with pytest.raises(ModelNotFound, match=r"split in 2 parts .*none is in one file"):
        choose(["m-Q4_K_M-00001-of-00002.gguf", "m-Q4_K_M-00002-of-00002.gguf"], None, repository=REPOSITORY)


def test_a_repository_without_gguf_says_what_it_has() -> None:
    with pytest.raises(ModelNotFound, match=r"has no GGUF file \(it has \.json, \.safetensors\)"):
        choose(["model.safetensors", "config.json"], None, repository="org/tiny")


PARTS = ("m-Q4_K_M-00001-of-00002.gguf", "m-Q4_K_M-00002-of-00002.gguf")


@pytest.mark.parametrize(
    ("files", "asked", "chosen"),
    [
        (PARTS, None, PARTS),
        (PARTS[::-1], "q4_k_m", PARTS),
        ((*PARTS, "m-Q8_0.gguf"), None, ("m-Q8_0.gguf",)),
        ((*PARTS, "m-Q8_0.gguf"), "Q4_K_M", PARTS),
        ((*PARTS, "m-Q4_K_M.gguf"), None, ("m-Q4_K_M.gguf",)),
        ((*PARTS, "other-Q4_K_M.gguf"), None, ("other-Q4_K_M.gguf",)),
        (("README.md", "model.gguf"), None, ("model.gguf",)),
    ],
)
def test_parts_are_taken_where_no_whole_file_is_what_was_asked(
    files: tuple[str, ...], asked: str | None, chosen: tuple[str, ...]
) -> None:
    assert choose_parts(files, asked, repository=REPOSITORY) == chosen


@pytest.mark.parametrize(
    ("files", "asked", "said"),
    [
        (PARTS[:1], None, r"lacks m-Q4_K_M-00002-of-00002\.gguf, one of 2 parts"),
        (PARTS, "Q8_0", "no Q8_0 file; set the quantization to one of: Q4_K_M"),
        ((*PARTS, *(f"b/{part}" for part in PARTS)), None, "several Q4_K_M files"),
        (("config.json",), None, "has no GGUF file"),
    ],
)
def test_parts_that_make_no_model_are_refused(files: tuple[str, ...], asked: str | None, said: str) -> None:
    with pytest.raises(ModelNotFound, match=said):
        choose_parts(files, asked, repository=REPOSITORY)
