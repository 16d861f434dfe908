"""Models to size. The figures are those of the models' config.json, as the catalogue has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from llmctl.serving.models.facts import ModelFacts

LLAMA_8B = ModelFacts(
    id="meta-llama/Llama-3.1-8B-Instruct",
    revision=None,
    architecture="LlamaForCausalLM",
    model_type="llama",
    parameters=8_030_261_248,
    active_parameters=8_030_261_248,
    weight_bytes=16_060_522_496,
    dtype="bfloat16",
    layers=32,
    hidden_size=4096,
    intermediate_size=14336,
    vocabulary=128_256,
    tied_embeddings=False,
    heads=32,
    kv_heads=8,
    head_dim=128,
    kv_layers=32,
    max_context=131_072,
    read_on="2026-11-24",
    source="meta-llama/Llama-3.1-8B-Instruct config.json",
)


def model(**changes: Any) -> ModelFacts:
    """Llama-3.1-8B with `changes`."""
    return replace(LLAMA_8B, **changes)


LLAMA_70B = model(
    id="meta-llama/Llama-3.3-70B-Instruct",
    parameters=70_553_706_496,
    active_parameters=70_553_706_496,
    weight_bytes=141_107_412_992,
    layers=80,
    kv_layers=80,
    hidden_size=8192,
    intermediate_size=28672,
    heads=64,
    source="meta-llama/Llama-3.3-70B-Instruct config.json",
)

QWEN_7B = model(
    id="Qwen/Qwen2.5-7B-Instruct",
    architecture="Qwen2ForCausalLM",
    model_type="qwen2",
    parameters=7_615_616_512,
    active_parameters=7_615_616_512,
    weight_bytes=15_231_233_024,
    layers=28,
    kv_layers=28,
    hidden_size=3584,
    intermediate_size=18944,
    vocabulary=152_064,
    heads=28,
    kv_heads=4,
    max_context=32_768,
    source="Qwen/Qwen2.5-7B-Instruct config.json",
)
