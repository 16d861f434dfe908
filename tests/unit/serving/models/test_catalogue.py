from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.config.facts_of import UNKNOWN_ARCHITECTURE, Origin, facts_of

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
"""In 16 bits, every layer counted whole: 2 x layers x kv_heads x head_dim x 2 (TGI 3.3.7, flash_causal_lm.py)."""

EXACT_PARAMETERS = {
    "HuggingFaceTB/SmolLM2-135M-Instruct": 134_515_008,
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": 1_711_376_384,
    "Qwen/Qwen2.5-1.5B-Instruct-GPTQ-Int4": 1_543_714_304,
    "Qwen/Qwen2.5-3B-Instruct": 3_085_938_688,
    "Qwen/Qwen2.5-72B-Instruct": 72_706_203_648,
    "Qwen/Qwen3-8B": 8_190_735_360,
    "Qwen/Qwen3-30B-A3B": 30_532_122_624,
    "Qwen/Qwen3-Next-80B-A3B-Instruct": 81_324_862_720,
    "deepseek-ai/DeepSeek-V2-Lite-Chat": 15_706_484_224,
    "google/gemma-2-2b-it": 2_614_341_888,
    "google/gemma-2-9b-it": 9_241_705_984,
    "google/gemma-2-27b-it": 27_227_128_320,
    "google/gemma-3-1b-it": 999_885_952,
    "meta-llama/Llama-3.1-8B-Instruct": 8_030_261_248,
    "meta-llama/Llama-3.2-1B-Instruct": 1_235_814_400,
    "meta-llama/Llama-3.2-3B-Instruct": 3_212_749_824,
    "microsoft/Phi-3-mini-4k-instruct": 3_821_079_552,
    "mistralai/Mistral-7B-Instruct-v0.3": 7_248_023_552,
    "moonshotai/Kimi-K2-Instruct": 1_026_408_232_448,
}
"""As the Hub counts them in the safetensors headers; read where public repositories quote the Hub's API."""

PUBLISHED_PARAMETERS = {
    "Qwen/Qwen2.5-14B-Instruct": (14_700_000_000, "model card (ZHUI/paddlenlp_model_readme)"),
    "Qwen/Qwen2.5-32B-Instruct": (32_500_000_000, "model card (ZHUI/paddlenlp_model_readme)"),
    "Qwen/Qwen3.5-27B": (27_781_427_952, "the Hub's count; with image tower and MTP"),
    "Qwen/Qwen3.5-122B-A10B": (125_086_497_008, "the Hub's count"),
    "Qwen/Qwen3.5-397B-A17B": (403_397_928_944, "the Hub's count"),
    "deepseek-ai/DeepSeek-V3": (685_000_000_000, "README of DeepSeek-V3: 671B and 14B of MTP"),
    "google/gemma-3-4b-it": (4_300_079_472, "the Hub's count"),
    "google/gemma-3-27b-it": (27_432_406_640, "ai-bot-pro/achatbot pull request 150"),
    "meta-llama/Llama-4-Scout-17B-16E-Instruct": (108_641_793_536, "the Hub's count; the tower is not in our source"),
    "meta-llama/Llama-4-Maverick-17B-128E-Instruct": (401_583_781_376, "the Hub's count"),
    "moonshotai/Kimi-K2.5": (1_026_879_376_368, "the Hub's count"),
    "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16": (31_600_000_000, "model card"),
    "openai/gpt-oss-20b": (20_910_000_000, "model card, table 1 (arXiv 2508.10925)"),
    "openai/gpt-oss-120b": (116_830_000_000, "model card, table 1 (arXiv 2508.10925)"),
    "zai-org/GLM-5": (753_860_000_000, "the Hub's count"),
}

PUBLISHED_BYTES = {
    "meta-llama/Llama-3.1-8B-Instruct": (16_060_522_496, "index.json, transformers documentation (models)"),
    "meta-llama/Llama-3.1-70B-Instruct": (141_107_412_992, "index.json"),
    "mistralai/Mistral-7B-Instruct-v0.3": (14_496_047_104, "index.json"),
    "mistralai/Mixtral-8x7B-Instruct-v0.1": (93_405_585_408, "index.json"),
    "Qwen/Qwen3-8B": (16_381_470_720, "index.json"),
    "Qwen/Qwen3-30B-A3B": (61_064_245_248, "index.json"),
    "microsoft/phi-4": (29_319_014_400, "index.json"),
    "deepseek-ai/DeepSeek-V3": (688_586_727_753, "safetensors files of the Hub's listing; fp8 in blocks"),
    "Qwen/Qwen2.5-1.5B-Instruct-GPTQ-Int4": (1_149_862_960, "size of model.safetensors; gptq"),
    "Qwen/Qwen2.5-Coder-7B-Instruct-GPTQ-Int4": (5_575_381_144, "size of both shards; gptq"),
    "moonshotai/Kimi-K2.5": (595_148_192_736, "total_size of the index; compressed-tensors, 4 bits"),
    "openai/gpt-oss-20b": (round(12.8 * 2**30), "model card, table 1 (arXiv 2508.10925); mxfp4"),
    "openai/gpt-oss-120b": (round(60.8 * 2**30), "model card, table 1 (arXiv 2508.10925); mxfp4"),
}

ACTIVE_PARAMETERS = {
    "openai/gpt-oss-120b": 5_130_000_000 + 201_088 * 2_880,  # theirs leave the input embedding out
    "openai/gpt-oss-20b": 3_610_000_000 + 201_088 * 2_880,
    "mistralai/Mixtral-8x7B-Instruct-v0.1": 12_900_000_000,
    "Qwen/Qwen3-30B-A3B": 3_300_000_000,
    "deepseek-ai/DeepSeek-V3": 37_000_000_000,
    "google/gemma-4-26B-A4B-it": 3_800_000_000,
}


@pytest.mark.parametrize(("model_id", "expected"), KV_BYTES_PER_TOKEN.items())
def test_the_rows_give_the_cache_that_tgi_computes(model_id: str, expected: int) -> None:
    facts = catalogue()[model_id]
    assert 2 * facts.kv_layers * facts.kv_heads * facts.head_dim * 2 == expected


@pytest.mark.parametrize(("model_id", "published"), EXACT_PARAMETERS.items())
def test_parameters_by_formula_are_those_of_the_weight_files_to_the_last_one(model_id: str, published: int) -> None:
    assert catalogue()[model_id].parameters == published


def test_deepseek_v3_is_met_with_its_second_embeddings_and_the_scales_of_its_blocks() -> None:
    published, where = PUBLISHED_BYTES["deepseek-ai/DeepSeek-V3"]
    assert catalogue()["deepseek-ai/DeepSeek-V3"].weight_bytes == pytest.approx(published, rel=0.0001), where


@pytest.mark.parametrize("model_id", PUBLISHED_PARAMETERS)
def test_parameters_by_formula_are_the_published_ones_within_a_hundredth(model_id: str) -> None:
    published, where = PUBLISHED_PARAMETERS[model_id]
    assert catalogue()[model_id].parameters == pytest.approx(published, rel=0.01), where


@pytest.mark.parametrize("model_id", PUBLISHED_BYTES)
def test_bytes_of_the_weights_are_the_published_ones_within_a_hundredth(model_id: str) -> None:
    published, where = PUBLISHED_BYTES[model_id]
    assert catalogue()[model_id].weight_bytes == pytest.approx(published, rel=0.01), where


@pytest.mark.parametrize("model_id", ACTIVE_PARAMETERS)
def test_active_parameters_are_the_published_ones_as_far_as_those_are_rounded(model_id: str) -> None:
    assert catalogue()[model_id].active_parameters == pytest.approx(ACTIVE_PARAMETERS[model_id], rel=0.02)


def test_an_unquantized_index_is_met_to_the_byte() -> None:
    plain = [name for name, (_, where) in PUBLISHED_BYTES.items() if where.startswith("index.json")]
    assert {name: catalogue()[name].weight_bytes for name in plain} == {
        name: PUBLISHED_BYTES[name][0] for name in plain
    }


def test_licence_and_gating_are_there_where_they_were_read_and_open_elsewhere() -> None:
    llama, qwen = catalogue()["meta-llama/Llama-3.1-8B-Instruct"], catalogue()["Qwen/Qwen3-8B"]
    assert (llama.licence, llama.gated) == ("llama3.1", True)
    assert (qwen.licence, qwen.gated) == (None, None)


@pytest.mark.parametrize("model_id", list(catalogue()))
def test_every_row_says_where_and_when_it_was_read_and_is_whole(model_id: str) -> None:
    facts = catalogue()[model_id]
    assert "@" in facts.source
    assert datetime.date.fromisoformat(facts.read_on) <= datetime.date(2026, 11, 24)
    assert 0 < facts.active_parameters <= facts.parameters
    assert facts.window_layers <= facts.kv_layers <= facts.layers
    assert (facts.sliding_window is None) == (facts.window_layers == 0)


def test_the_margin_of_an_unknown_architecture_is_what_the_generic_formula_misses_at_worst() -> None:
    errors = {name: _generic_error(name) for name in catalogue() if _stands_alone(name)}
    assert max(errors.values()) <= UNKNOWN_ARCHITECTURE < max(errors.values()) + 0.02, errors
    assert min(errors.values()) > -0.06


def test_the_generic_formula_never_takes_the_cache_too_small() -> None:
    for name in catalogue():
        if _stands_alone(name):
            known, generic = catalogue()[name], _generic(name)
            assert generic.kv_layers - generic.window_layers >= known.kv_layers - known.window_layers, name
            assert (generic.kv_heads, generic.head_dim) == (known.kv_heads, known.head_dim), name


def _stands_alone(name: str) -> bool:
    """Whether its config.json has every field, in words that are not its class's own."""
    left_to_the_class = catalogue()[name].model_type in ("gemma3", "gpt_oss")
    return not left_to_the_class and "layers_block_type" not in catalogue().rows[name]["config"]


def _generic_error(name: str) -> float:
    return _generic(name).weight_bytes / catalogue()[name].weight_bytes - 1


def _generic(name: str) -> Any:
    row = json.loads(json.dumps(catalogue().rows[name]))
    for part in (row["config"], row["config"].get("text_config", {})):
        part["model_type"] = "unheard_of"
    return facts_of(row["config"], Origin(id=name, source="", read_on=""), hf_quant=row.get("hf_quant"))
