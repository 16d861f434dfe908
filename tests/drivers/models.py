"""Models that tests ask about: rows of the catalogue, and Llama-3.1-8B with something changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.facts import ModelFacts, StoredQuantization

LLAMA_8B = catalogue()["meta-llama/Llama-3.1-8B-Instruct"]
LLAMA_70B = catalogue()["meta-llama/Llama-3.3-70B-Instruct"]
QWEN_7B = catalogue()["Qwen/Qwen2.5-7B-Instruct"]
PHI3 = catalogue()["microsoft/Phi-3-mini-4k-instruct"]
GPT_OSS = catalogue()["openai/gpt-oss-20b"]


def model(**changes: Any) -> ModelFacts:
    """Llama-3.1-8B with `changes`."""
    return replace(LLAMA_8B, **changes)


PICKLED = model(id="o/pickled", weights_format="pickle")


def stored_as(method: str) -> ModelFacts:
    return model(id=f"o/llama-{method}", quantization=StoredQuantization(method=method, bits=4))


def gguf(architecture: str) -> ModelFacts:
    stored = StoredQuantization(method="gguf", bits=4)
    return model(id="/m.gguf", architecture=architecture, model_type="", weights_format="gguf", quantization=stored)
