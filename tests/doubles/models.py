"""Facts of models for tests of the engines. What an engine looks at is real; sizes are made up."""

from __future__ import annotations

from dataclasses import replace

from llmctl.serving.models.facts import ModelFacts, StoredQuantization

LLAMA = ModelFacts(
    id="meta-llama/Llama-3.1-8B-Instruct",
    revision=None,
    architecture="LlamaForCausalLM",
    model_type="llama",
    parameters=8 * 10**9,
    active_parameters=8 * 10**9,
    weight_bytes=16 * 10**9,
    dtype="bfloat16",
    layers=32,
    hidden_size=4096,
    intermediate_size=14336,
    vocabulary=128256,
    tied_embeddings=False,
    heads=32,
    kv_heads=8,
    head_dim=128,
    kv_layers=32,
    max_context=131072,
    weights_format="safetensors",
    source="a double",
    read_on="2026-11-24",
)
PHI3 = replace(LLAMA, id="microsoft/Phi-3-mini", architecture="Phi3ForCausalLM", model_type="phi3", head_dim=96)
GPT_OSS = replace(
    LLAMA,
    id="openai/gpt-oss-20b",
    architecture="GptOssForCausalLM",
    model_type="gpt_oss",
    quantization=StoredQuantization(method="mxfp4", bits=4),
)
PICKLED = replace(LLAMA, id="o/pickled", weights_format="pickle")


def stored_as(method: str) -> ModelFacts:
    return replace(LLAMA, id=f"o/llama-{method}", quantization=StoredQuantization(method=method, bits=4))


def gguf(architecture: str) -> ModelFacts:
    stored = StoredQuantization(method="gguf", bits=4)
    return replace(
        LLAMA, id="/m.gguf", architecture=architecture, model_type="", weights_format="gguf", quantization=stored
    )
