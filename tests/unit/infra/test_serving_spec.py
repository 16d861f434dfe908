"""From the settings of a model to what its replicas run on and do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from drivers.models import LLAMA_8B, LLAMA_70B

from llmctl.infra.model_settings import ModelSettings
from llmctl.infra.serving_spec import Placement, placement, serving_spec
from llmctl.serving.hardware.accelerators import accelerator
from llmctl.serving.sizing.host import host_needs
from llmctl.serving.spec import Adapter, ServingSpec, Speculation

COMMIT = "0e9e39f249a16976918f6564b8830bc894c89659"


def settings(**written: Any) -> ModelSettings:
    return ModelSettings.model_validate({"id": LLAMA_8B.id, **written})


def test_every_setting_reaches_the_spec() -> None:
    model = settings(
        revision=COMMIT,
        maxTotalTokens=4096,
        maxInputTokens=3000,
        maxBatchSize=16,
        maxBatchPrefillTokens=2048,
        maxConcurrentRequests=64,
        dtype="bfloat16",
        quantization="fp8",
        kvCacheDtype="fp8_e4m3",
        adapters={"sql": "/adapters/sql"},
        speculation={"tokens": 3, "draftModel": "/draft"},
        trustRemoteCode=True,
        engineArgs={"enforce-eager": True},
    )
    where = Placement(accelerator=accelerator("l4"), gpus=2, why="here")
    assert serving_spec("legal", model, LLAMA_8B, where) == ServingSpec(
        model=LLAMA_8B.id,
        served_name="legal",
        revision=COMMIT,
        accelerator="l4",
        gpus=2,
        max_total_tokens=4096,
        max_input_tokens=3000,
        max_batch_size=16,
        max_batch_prefill_tokens=2048,
        max_concurrent_requests=64,
        dtype="bfloat16",
        quantization="fp8",
        kv_cache_dtype="fp8_e4m3",
        adapters=(Adapter(name="sql", source="/adapters/sql"),),
        speculation=Speculation(tokens=3, draft_model="/draft"),
        trust_remote_code=True,
        hub_token=True,
        host=host_needs(LLAMA_8B, 2),
        engine_args={"enforce-eager": True},
    )


def test_only_a_gated_model_gets_the_hub_token() -> None:
    where = Placement(accelerator=None, gpus=0, why="here")
    assert not serving_spec("legal", settings(), replace(LLAMA_8B, gated=False), where).hub_token


@pytest.mark.parametrize(
    ("word", "name", "gpus", "why"),
    [
        ("cpu", None, 0, "on the processor"),
        ("l4", "l4", 1, "on l4"),
        ("h100:4", "h100", 4, "on h100:4"),
    ],
)
def test_an_accelerator_that_is_named_is_taken(word: str, name: str | None, gpus: int, why: str) -> None:
    found = placement(settings(accelerator=word), LLAMA_8B)
    assert (found.accelerator.name if found.accelerator else None, found.gpus, found.why) == (name, gpus, why)


def test_auto_is_the_cheapest_for_what_is_asked_at_once() -> None:
    few, many = (placement(settings(maxBatchSize=size, maxTotalTokens=8192), LLAMA_8B) for size in (1, 100))
    assert few.accelerator == accelerator("l4")
    assert few.why.startswith("auto: l4:1 on ")
    assert many.accelerator != few.accelerator


def test_auto_counts_the_cache_in_the_words_that_were_asked_for() -> None:
    asked = {"maxBatchSize": 6, "maxTotalTokens": 8192, "engine": "vllm"}
    whole, half = (placement(settings(**asked, **more), LLAMA_8B) for more in ({}, {"kvCacheDtype": "fp8_e4m3"}))
    assert whole.accelerator != half.accelerator == accelerator("l4")


def test_a_prefill_that_makes_it_fit_is_told_to_the_engine_unless_one_is_asked_for() -> None:
    where = Placement(accelerator=accelerator("a100"), gpus=4, prefill_tokens=2048, why="here")
    assert serving_spec("legal", settings(), LLAMA_70B, where).max_batch_prefill_tokens == 2048
    asked = settings(maxBatchPrefillTokens=4096)
    assert serving_spec("legal", asked, LLAMA_70B, where).max_batch_prefill_tokens == 4096


def test_a_prefill_that_was_asked_for_is_the_one_that_has_to_fit() -> None:
    small, large = (placement(settings(maxBatchPrefillTokens=tokens), LLAMA_8B) for tokens in (512, 65_536))
    assert small.accelerator == accelerator("l4")
    assert large.accelerator != small.accelerator
