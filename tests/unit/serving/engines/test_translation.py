"""Whole translations, held against files that a person has read; and what must be true of every one of them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from drivers import translations
from drivers.accelerators import H100
from drivers.models import GPT_OSS, LLAMA_8B
from drivers.translations import CASES, GGUF, PLAIN, RICH, translated

from llmctl.serving.engines.behaviour import Topic
from llmctl.serving.engines.container import SecretKey
from llmctl.serving.engines.engine import Engine
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.engines.translation.translation import translate
from llmctl.serving.errors import EngineError
from llmctl.serving.spec import EngineName, Speculation

PAIRS = [pair for pair in itertools.permutations(EngineName, 2) if EngineName.LLAMACPP not in pair]


@pytest.mark.parametrize(("source", "to"), CASES, ids=["-".join(pair) for pair in CASES])
def test_the_translation_is_the_one_that_was_read(source: str, to: str) -> None:
    facts = list(translations.lines(translated(CASES[source, to], source, to)))
    assert facts == translations.path(source, to).read_text(encoding="utf-8").splitlines(), translations.__doc__


@pytest.mark.parametrize(("source", "to"), PAIRS)
def test_what_is_left_can_be_served(source: str, to: str) -> None:
    translation = translated(PLAIN, source, to)
    assert translation.container is not None, translation.blocked
    assert translation.blocked is None


@pytest.mark.parametrize(("source", "to"), [*PAIRS, ("llamacpp", "sglang"), *((name, "llamacpp") for name in ENGINES)])
def test_every_flag_of_the_old_command_line_is_accounted_for(source: str, to: str) -> None:
    spec = replace(GGUF if source == "llamacpp" else PLAIN, max_batch_size=16)
    translation = translated(spec, source, to)
    before = ENGINES[EngineName(source)].container(spec, H100)
    told = " ".join(mapped.before for mapped in translation.mapped)
    lost = {lost.what for lost in translation.lost}
    for setting, names in ENGINES[EngineName(source)].settings.items():
        spoken = [name for name in names if f"--{name}" in before.args]
        assert setting in lost or all(f"--{name}" in told for name in spoken), setting


@pytest.mark.parametrize("engine", list(ENGINES.values()), ids=list(ENGINES))
def test_an_engine_says_of_every_topic_what_it_means(engine: Engine) -> None:
    assert set(engine.behaviour.meanings) == set(Topic)
    assert set(engine.behaviour.metric_notes) <= set(engine.metrics.names)
    engine.flags.check(engine.behaviour.knobs.values())


@pytest.mark.parametrize("engine", list(ENGINES.values()), ids=list(ENGINES))
def test_the_routes_that_probes_and_scraping_ask_for_are_in_the_api(engine: Engine) -> None:
    spec = GGUF if engine.name is EngineName.LLAMACPP else PLAIN
    probes = engine.container(spec, H100).probes
    for probe in (probes.startup, probes.readiness, probes.liveness):
        assert probe is None or f"GET {probe.path}" in engine.behaviour.api
    assert f"GET {engine.metrics.path}" in engine.behaviour.api


def test_nothing_changes_between_an_engine_and_itself() -> None:
    translation = translated(PLAIN, "vllm", "vllm")
    assert (translation.changed, translation.lost) == ((), ())
    assert all(mapped.before == mapped.after for mapped in translation.mapped)


def test_what_one_engine_is_told_and_the_other_chooses_is_said() -> None:
    served = next(mapped for mapped in translated(PLAIN, "tgi", "vllm").mapped if mapped.setting == "servedName")
    assert served.before == "left to Text Generation Inference"
    assert served.after == "--served-model-name llama"


def test_a_setting_that_is_lost_is_gone_from_the_spec_and_named() -> None:
    translation = translated(RICH, "tgi", "vllm")
    assert translation.spec.quantization is None
    assert translation.spec.max_input_tokens is None
    assert {"quantization", "maxInputTokens", "engineArgs.max-best-of"} <= {lost.what for lost in translation.lost}


def test_a_prompt_one_token_short_of_the_whole_is_no_loss() -> None:
    translation = translated(replace(PLAIN, max_input_tokens=8191), "tgi", "vllm")
    assert "maxInputTokens" not in {lost.what for lost in translation.lost}


def test_a_flag_of_the_same_name_is_kept_and_said_to_be_unread() -> None:
    flags = {"max-loras-per-batch": 2, "stream-interval": 4}
    spec = replace(PLAIN, engine_args=flags)
    translation = translated(spec, "sglang", "vllm")
    assert translation.spec.engine_args == {"stream-interval": 4}
    assert "engineArgs.stream-interval" in {changed.what for changed in translation.changed}
    assert "engineArgs.max-loras-per-batch" in {lost.what for lost in translation.lost}


def test_a_flag_that_the_new_engine_takes_from_a_setting_is_not_passed_on() -> None:
    spec = replace(PLAIN, engine_args={"max-total-tokens": 100_000})
    translation = translated(spec, "sglang", "tgi")
    assert translation.spec.engine_args == {}
    assert any(lost.what == "engineArgs.max-total-tokens" and "maxTotalTokens" in lost.why for lost in translation.lost)


def test_a_flag_of_another_name_for_the_same_thing_is_named() -> None:
    spec = replace(PLAIN, engine_args={"gpu-memory-utilization": 0.85})
    lost = next(lost for lost in translated(spec, "vllm", "sglang").lost if lost.what.startswith("engineArgs"))
    assert lost.instead == "mem-fraction-static (share of GPU memory), whose values are others"


def test_secrets_are_mapped_by_what_they_are_and_never_shown() -> None:
    translation = translated(RICH, "tgi", "vllm")
    assert translation.container is not None
    assert isinstance(translation.container.env["VLLM_API_KEY"], SecretKey)
    assert ("API_KEY", "VLLM_API_KEY") in {(mapped.before, mapped.after) for mapped in translation.mapped}


def test_what_the_old_engine_cannot_serve_is_not_translated() -> None:
    with pytest.raises(EngineError, match="no draft model"):
        translated(replace(PLAIN, speculation=Speculation(tokens=3, draft_model="/draft")), "tgi", "vllm")


def test_a_model_that_the_new_engine_does_not_know_blocks_the_switch() -> None:
    vllm, tgi = ENGINES[EngineName.VLLM], ENGINES[EngineName.TGI]
    assert translate(PLAIN, H100, vllm, tgi, LLAMA_8B).blocked is None
    blocked = translate(PLAIN, H100, vllm, tgi, GPT_OSS)
    assert blocked.container is None
    assert "has no quantization mxfp4. SGLang and vLLM have it." in str(blocked.blocked)
