"""Questions asked of the bundled catalogue, accelerators and machine types."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from drivers.models import LLAMA_8B, QWEN_7B, gguf
from hypothesis import given, settings
from hypothesis import strategies as st

from llmctl.serving.errors import SizingError
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.hardware.accelerators import accelerators
from llmctl.serving.hardware.machine_type import Cloud, MachineType, Price
from llmctl.serving.hardware.machine_types import machine_types
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.answer import Refusal, Sizing
from llmctl.serving.sizing.capability import engine_refuses
from llmctl.serving.sizing.judgement import judge
from llmctl.serving.sizing.load import Load
from llmctl.serving.sizing.nearest_change import nearest_change
from llmctl.serving.sizing.question import Question
from llmctl.serving.sizing.size import cheapest, size
from llmctl.serving.spec import EngineName

GPUS = accelerators()
MODELS = catalogue()


def sized(model_id: str, **question: object) -> Sizing:
    return size(MODELS[model_id], Question(**question), machine_types(), GPUS)  # type: ignore[arg-type]


def refusals(sizing: Sizing, accelerator: str, gpus: int) -> list[Refusal]:
    return [row for row in sizing.refused if (row.machine.accelerator, row.machine.gpus) == (accelerator, gpus)]


def test_llama_8b_is_listed_on_l4_a10g_l40s_and_h100_with_its_split() -> None:
    fits = {fit.accelerator.name: fit for fit in reversed(sized("meta-llama/Llama-3.1-8B-Instruct").fits)}
    assert {"l4", "a10g", "l40s", "h100"} <= set(fits)
    assert all(fits[name].gpus == 1 and fits[name].memory.kv_tokens > 8192 for name in ("l4", "a10g", "l40s", "h100"))


def test_a_70b_in_16_bits_needs_two_h100_and_says_what_cache_is_left() -> None:
    sizing = sized("meta-llama/Llama-3.3-70B-Instruct")
    one = refusals(sizing, "h100", 1)
    assert one
    assert all(row.change == "2 x h100" for row in one)
    two = [fit for fit in sizing.fits if (fit.accelerator.name, fit.machine.gpus) == ("h100", 2)]
    assert two
    assert all(fit.gpus == 2 and fit.memory.kv_tokens > 8192 for fit in two)


def test_a_70b_in_fp8_fits_one_h200() -> None:
    facts = MODELS["nvidia/Llama-3.1-70B-Instruct-FP8"]
    assert judge(facts, GPUS["h200"], 1, Load(engine=EngineName.TGI, context=8192)).reason is None


@pytest.mark.parametrize("engine", [EngineName.TGI, EngineName.VLLM, EngineName.SGLANG])
@pytest.mark.parametrize("gpu", ["a100", "a100-80gb"])
def test_deepseek_v3_is_refused_on_any_node_of_eight_a100_with_the_reason(engine: EngineName, gpu: str) -> None:
    refused = refusals(sized("deepseek-ai/DeepSeek-V3", engine=engine), gpu, 8)
    assert refused
    assert all("GiB of weights per GPU leave no room" in row.reason for row in refused)


def test_fits_come_cheapest_first_and_every_machine_is_answered_once() -> None:
    sizing = sized("Qwen/Qwen3-32B")
    ranks = [(fit.machine.spot_only, fit.hourly) for fit in sizing.fits]
    assert ranks == sorted(ranks)
    answered = [row.machine for row in (*sizing.fits, *sizing.refused)]
    assert sorted(map(id, answered)) == sorted(map(id, (row for row in machine_types() if row.prices)))


def test_a_price_is_that_of_the_region_asked_for_with_its_date_and_source() -> None:
    sizing = sized("meta-llama/Llama-3.1-8B-Instruct", cloud=Cloud.AWS, region="eu-west-1")
    assert sizing.fits
    for fit in sizing.fits:
        assert fit.machine.cloud is Cloud.AWS
        assert fit.price.region == "eu-west-1"
        assert fit.price.as_of <= date(2026, 11, 24)
        assert fit.price.source


def test_what_costs_more_than_allowed_is_refused_for_that_alone() -> None:
    sizing = sized("meta-llama/Llama-3.1-8B-Instruct", max_hourly=1.0)
    assert sizing.fits
    assert all(fit.hourly <= 1.0 for fit in sizing.fits)
    assert any("an hour in" in row.reason and "is more than $1.00" in row.reason for row in sizing.refused)


def test_the_engines_word_comes_first() -> None:
    def refuses(facts: ModelFacts, load: Load, accelerator: Accelerator, gpus: int) -> str | None:
        return "TGI 3.3.7 has no kernels for it" if accelerator.name == "t4" else None

    sizing = size(LLAMA_8B, Question(), machine_types(), GPUS, engine_refuses=refuses)
    assert all(fit.accelerator.name != "t4" for fit in sizing.fits)
    assert {row.reason for row in refusals(sizing, "t4", 1)} == {"TGI 3.3.7 has no kernels for it"}


@pytest.mark.parametrize(
    ("facts", "asked", "says"),
    [
        (LLAMA_8B, {"engine": EngineName.VLLM, "kv_cache_dtype": "q8_0"}, "no KV cache in q8_0. llama.cpp has it."),
        (LLAMA_8B, {"engine": EngineName.VLLM, "quantization": "eetq"}, "no quantization eetq"),
        (replace(gguf("llama"), remote_code=True), {"engine": EngineName.LLAMACPP}, "no trust remote code"),
        (QWEN_7B, {"engine": EngineName.TGI}, None),
    ],
)
def test_an_engine_is_asked_for_all_that_the_load_and_the_model_want(
    facts: ModelFacts, asked: dict[str, Any], says: str | None
) -> None:
    refused = engine_refuses(facts, Load(context=4096, **asked), GPUS["h100"], 2)
    assert refused is None if says is None else says in str(refused)


def test_several_requests_may_be_spread_over_the_replicas_of_a_machine() -> None:
    load = Load(engine=EngineName.TGI, context=8192)
    alone = judge(LLAMA_8B, GPUS["l4"], 1, load).memory
    assert alone is not None
    sizing = size(LLAMA_8B, Question(concurrency=alone.requests * 8), machine_types(), GPUS)
    eight = [fit for fit in sizing.fits if (fit.accelerator.name, fit.machine.gpus) == ("l4", 8)]
    assert eight
    assert all(fit.replicas == 8 for fit in eight)


CASES = [
    ("meta-llama/Llama-3.3-70B-Instruct", "h100", 1, {}, "2 x h100"),
    ("meta-llama/Llama-3.1-8B-Instruct", "l4", 1, {"concurrency": 50}, "at most 4 requests at a time"),
    ("meta-llama/Llama-3.1-8B-Instruct", "l4", 1, {"context": 50_000}, "a key-value cache in fp8_e4m3"),
    ("meta-llama/Llama-3.1-8B-Instruct", "l4", 1, {"context": 131_072}, "a context of 36,352 tokens"),
    ("Qwen/Qwen3-32B", "l40s", 1, {"engine": EngineName.VLLM, "wider": ()}, "quantization fp8"),
    ("meta-llama/Llama-3.1-405B-Instruct", "t4", 1, {"wider": (2, 4, 8)}, None),
]


@pytest.mark.parametrize(("model_id", "gpu", "gpus", "asked", "change"), CASES)
def test_the_nearest_change_is_named(model_id: str, gpu: str, gpus: int, asked: dict, change: str | None) -> None:  # type: ignore[type-arg]
    asked = dict(asked)
    wider = asked.pop("wider", (1, 2, 4, 8))
    load = Load(**{"engine": EngineName.TGI, "context": 8192} | asked)
    assert judge(MODELS[model_id], GPUS[gpu], gpus, load).reason is not None
    assert nearest_change(MODELS[model_id], GPUS[gpu], gpus, load, wider, None) == change


def test_a_shorter_context_that_is_named_does_fit_and_the_next_step_does_not() -> None:
    load = Load(engine=EngineName.TGI, context=36_352)
    assert judge(LLAMA_8B, GPUS["l4"], 1, load).reason is None
    assert judge(LLAMA_8B, GPUS["l4"], 1, replace(load, context=36_352 + 512)).reason is not None


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({"context": 0}, "context: 0 tokens; meta-llama/Llama-3.1-8B-Instruct takes 1 to 131,072"),
        ({"context": 200_000}, "context: 200,000 tokens; "),
        ({"concurrency": -1}, "concurrency: -1; ask for at least 1"),
        ({"max_hourly": -2.0}, "max-hourly: -2.0; give US dollars"),
        ({"max_hourly": float("nan")}, "max-hourly: nan"),
        ({"kv_cache_dtype": "int3"}, "kv-cache-dtype: int3; allowed: auto, fp8"),
        ({"region": "mars-1"}, "region: mars-1; no GPU machine is known there. Known of .*us-east-1"),
        ({"region": "eastus", "cloud": Cloud.AWS}, "Known of aws: "),
        ({"quantization": "gptq"}, "gptq needs weights that are stored so"),
    ],
)
def test_a_question_without_an_answer_is_one_line(question: dict, says: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(SizingError, match=says) as refused:
        size(LLAMA_8B, Question(**question), machine_types(), GPUS)
    assert "\n" not in str(refused.value)


def test_a_machine_with_too_little_ram_is_refused_and_the_next_larger_is_named() -> None:
    small, large, larger = (replace(machine("h100", 1, 2), name=n, memory=gib << 30) for n, gib in RAM.items())
    sizing = size(LLAMA_8B, Question(), [larger, small, large], GPUS)
    assert [fit.machine.name for fit in sizing.fits] == ["large", "larger"]
    (refused,) = sizing.refused
    assert refused.reason == "loading takes 12.7 GiB of RAM and small has 8"
    assert refused.change == "large"


RAM = {"small": 8, "large": 32, "larger": 64}


@pytest.mark.parametrize("word", [None, "auto", "bfloat16"])
def test_the_models_own_format_is_no_smaller_cache(word: str | None) -> None:
    assert Question(kv_cache_dtype=word).load(LLAMA_8B).kv_cache_dtype is None


def test_a_prefill_that_was_asked_for_is_the_one_that_is_sized() -> None:
    assert Question(prefill_tokens=512).load(LLAMA_8B).prefill_tokens == 512


def test_auto_takes_the_cheapest_and_says_so_in_a_line() -> None:
    choice = cheapest(LLAMA_8B, Question(cloud=Cloud.AWS), machine_types(), GPUS)
    assert choice.fit == sized("meta-llama/Llama-3.1-8B-Instruct", cloud=Cloud.AWS).fits[0]
    assert choice.why.startswith(f"{choice.fit.accelerator.name}:1 on {choice.fit.machine.name} (")
    assert "is the cheapest of" in choice.why
    assert "\n" not in choice.why


def test_auto_that_finds_nothing_says_what_would_help() -> None:
    question = Question(max_hourly=0.01)
    with pytest.raises(SizingError, match=r"fits none of \d+ machine types\. .* it would fit with \$"):
        cheapest(LLAMA_8B, question, machine_types(), GPUS)


def test_auto_that_nothing_helps_gives_the_reason_that_most_machines_have() -> None:
    question = Question(kv_cache_dtype="fp8_e4m3", engine=EngineName.LLAMACPP)
    with pytest.raises(SizingError, match=r"Most of them: llama\.cpp \S+ has no [^.]*\. [^.]* have it\.$"):
        cheapest(LLAMA_8B, question, machine_types(), GPUS, engine_refuses=engine_refuses)


def test_a_price_that_is_named_as_enough_is_enough() -> None:
    dear = [
        row for row in sized("Qwen/Qwen2.5-32B-Instruct", cloud=Cloud.AWS, max_hourly=6.0).refused if row.only_price
    ]
    assert dear
    for row in dear:
        enough = float((row.change or "").removeprefix("$").removesuffix(" an hour"))
        again = sized("Qwen/Qwen2.5-32B-Instruct", cloud=Cloud.AWS, max_hourly=enough)
        assert row.machine in [fit.machine for fit in again.fits], f"{row.machine.name} for {row.change}"


def test_more_gpus_are_offered_only_where_a_machine_of_that_cloud_has_them() -> None:
    (one,) = {row.change for row in refusals(sized("meta-llama/Llama-3.1-8B-Instruct", cloud=Cloud.AZURE), "t4", 1)}
    assert one == "4 x t4", "Azure has no machine with two"


@settings(max_examples=25)
@given(
    model_id=st.sampled_from(sorted(MODELS)),
    context=st.sampled_from([512, 4096, 32_768]),
    engine=st.sampled_from(EngineName),
    gpu=st.sampled_from(["l4", "a100-80gb", "h100", "h200"]),
    base=st.floats(0.1, 20),
)
def test_cost_is_monotone_in_gpus(model_id: str, context: int, engine: EngineName, gpu: str, base: float) -> None:
    """Where every GPU of a kind costs the same, the cheapest machine that fits is the one with the fewest of them."""
    facts = MODELS[model_id]
    machines = [machine(gpu, gpus, base) for gpus in (1, 2, 4, 8)]
    fits = size(facts, Question(context=min(context, facts.max_context), engine=engine), machines, GPUS).fits
    assert [fit.machine.gpus for fit in fits] == sorted(fit.machine.gpus for fit in fits)
    assert [fit.hourly for fit in fits] == sorted(fit.hourly for fit in fits)


def machine(gpu: str, gpus: int, dollars: float) -> MachineType:
    price = Price(region="here", on_demand=gpus * dollars, spot=None, as_of=date(2026, 11, 24), source="a test")
    return MachineType(
        cloud=Cloud.AWS,
        name=f"{gpu}-{gpus}",
        accelerator=gpu,
        gpus=gpus,
        vcpus=8 * gpus,
        memory=256 * 1024**3 * gpus,
        local_storage=0,
        network=None,
        prices=(price,),
        source="a test",
        as_of=date(2026, 11, 24),
    )
