"""Speed, cost and what the host needs."""

from dataclasses import replace

import pytest
from drivers.models import LLAMA_8B, LLAMA_70B
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.hardware.accelerators import accelerators
from llmctl.serving.hardware.machine_types import machine_types
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.sizing.cost import dollars_per_million
from llmctl.serving.sizing.explain import explain, explain_fit
from llmctl.serving.sizing.host import host_needs
from llmctl.serving.sizing.load import Load
from llmctl.serving.sizing.memory import split_memory
from llmctl.serving.sizing.question import Question
from llmctl.serving.sizing.size import size
from llmctl.serving.sizing.throughput import BANDWIDTH_EFFICIENCY, throughput, touched
from llmctl.serving.spec import EngineName

GPUS = accelerators()
LOAD = Load(engine=EngineName.VLLM, context=8192)
GIB = 1024**3


def speed(facts, gpu, gpus=1, load=LOAD):  # type: ignore[no-untyped-def]
    found = throughput(facts, GPUS[gpu], gpus, load, split_memory(facts, GPUS[gpu], gpus, load))
    assert found is not None
    return found


def test_one_request_is_decoded_at_the_speed_at_which_its_bytes_are_read() -> None:
    alone = replace(split_memory(LLAMA_8B, GPUS["l4"], 1, LOAD), requests=1)
    found = throughput(LLAMA_8B, GPUS["l4"], 1, LOAD, alone)
    assert found is not None
    read = 2 * LLAMA_8B.parameters + 4096 * 131_072
    assert found.decode == pytest.approx(BANDWIDTH_EFFICIENCY * GPUS["l4"].bandwidth / read)


def test_prefill_is_bound_by_compute_and_decode_gains_with_the_cache() -> None:
    assert speed(LLAMA_8B, "h100").prefill > 5 * speed(LLAMA_8B, "l4").prefill
    assert speed(LLAMA_8B, "h100").decode > 10 * speed(LLAMA_8B, "l4").decode
    assert speed(LLAMA_70B, "h100", 4).decode > speed(LLAMA_70B, "h100", 2).decode


def test_a_mixture_of_experts_reads_more_of_itself_the_more_tokens_it_decodes() -> None:
    facts = catalogue()["Qwen/Qwen3-30B-A3B"]
    assert touched(LLAMA_8B, 1) == 1.0
    assert touched(facts, 1) == pytest.approx(facts.active_parameters / facts.parameters)
    assert touched(facts, 1) < touched(facts, 8) < touched(facts, 256) < 1.0


def test_a_slower_link_between_gpus_slows_decoding() -> None:
    slow = replace(GPUS["h100"], link_bandwidth=1e9)
    memory = split_memory(LLAMA_8B, slow, 2, LOAD)
    found = throughput(LLAMA_8B, slow, 2, LOAD, memory)
    assert found is not None
    assert found.decode < 0.5 * speed(LLAMA_8B, "h100", 2).decode


def test_the_gpus_of_llama_cpp_take_turns() -> None:
    load = Load(engine=EngineName.LLAMACPP, context=8192)
    assert speed(LLAMA_8B, "h100", 4, load).decode == speed(LLAMA_8B, "h100", 1, load).decode


def test_eight_bit_floats_compute_twice_as_fast_where_the_gpu_has_them() -> None:
    quantized = replace(LOAD, quantization="fp8")
    assert speed(LLAMA_8B, "h100", load=quantized).prefill == pytest.approx(
        2 * speed(LLAMA_8B, "h100").prefill, rel=0.01
    )
    assert speed(LLAMA_8B, "a10g", load=quantized).prefill == speed(LLAMA_8B, "a10g").prefill


def test_one_request_to_a_mixture_reads_the_experts_that_it_chose() -> None:
    facts = catalogue()["Qwen/Qwen3-30B-A3B"]
    alone = replace(split_memory(facts, GPUS["h100"], 1, LOAD), requests=1)
    found = throughput(facts, GPUS["h100"], 1, LOAD, alone)
    assert found is not None
    every = BANDWIDTH_EFFICIENCY * GPUS["h100"].bandwidth / (2 * facts.parameters)
    assert found.decode > 5 * every


def test_what_does_not_fit_has_no_speed() -> None:
    assert throughput(LLAMA_70B, GPUS["l4"], 1, LOAD, split_memory(LLAMA_70B, GPUS["l4"], 1, LOAD)) is None


@given(dollars=st.floats(0.1, 100), replicas=st.integers(1, 8))
def test_tokens_cost_more_on_a_dearer_machine_and_less_with_more_replicas(dollars: float, replicas: int) -> None:
    found = speed(LLAMA_8B, "l40s")
    assert dollars_per_million(2 * dollars, found, replicas) == pytest.approx(
        2 * dollars_per_million(dollars, found, replicas)
    )
    assert dollars_per_million(dollars, found, replicas + 1) < dollars_per_million(dollars, found, replicas)


def test_a_host_holds_the_largest_file_and_shares_memory_only_among_several_gpus() -> None:
    one, two = host_needs(LLAMA_70B, 1), host_needs(LLAMA_70B, 2)
    assert one.memory == 5 * 10**9 + 8 * GIB
    assert (one.shared_memory, two.shared_memory) == (0, GIB)
    assert two.memory == one.memory + GIB
    assert one.disk == 25 * 10**9 + int(1.1 * LLAMA_70B.weight_bytes)


@pytest.mark.parametrize("engine", EngineName)
@pytest.mark.parametrize("model_id", ["meta-llama/Llama-3.1-8B-Instruct", "openai/gpt-oss-20b", "Qwen/Qwen3.5-27B"])
def test_every_term_is_explained_with_a_formula_and_a_source(model_id: str, engine: EngineName) -> None:
    facts, gpu = catalogue()[model_id], GPUS["h200"]
    load = Load(engine=engine, context=4096)
    terms = explain(facts, gpu, 1, load)
    assert all(term.name and term.formula and term.source for term in terms)
    parts = {term.name: term.value for term in terms}
    split = split_memory(facts, gpu, 1, load)
    named = ("weights per GPU", "activations", "overhead", "left alone", "cache", "not used")
    assert sum(parts[name] for name in named) == gpu.usable_memory
    assert parts["tokens of cache"] == split.kv_tokens


@pytest.mark.parametrize("engine", EngineName)
def test_a_fit_is_explained_with_the_numbers_of_its_row(engine: EngineName) -> None:
    sizing = size(LLAMA_8B, Question(engine=engine, concurrency=16, context=4096), machine_types(), GPUS)
    assert any(fit.replicas > 1 for fit in sizing.fits), "a replica with a part of the requests is the harder case"
    for fit in sizing.fits:
        terms = {term.name: term.value for term in explain_fit(LLAMA_8B, fit, sizing.load)}
        assert terms["cache"] == fit.memory.kv_cache
        assert terms["requests at once"] == fit.memory.requests


def test_latent_attention_is_explained_by_its_own_formula() -> None:
    facts = catalogue()["deepseek-ai/DeepSeek-V2-Lite-Chat"]
    for engine, says in ((EngineName.VLLM, "latent rank"), (EngineName.TGI, "expanded")):
        terms = {term.name: term.formula for term in explain(facts, GPUS["h200"], 1, Load(engine=engine, context=4096))}
        assert says in terms["cache per token and GPU"]


@pytest.mark.parametrize("model_id", ["meta-llama/Llama-3.1-8B-Instruct", "google/gemma-3-27b-it"])
def test_what_is_not_known_of_a_model_is_in_its_terms(model_id: str) -> None:
    parts = {term.name: term.value for term in explain(catalogue()[model_id], GPUS["h200"], 1, LOAD)}
    whole = parts["weights of the model"] + parts["weights kept whole or twice"]
    assert whole == pytest.approx(parts["weights per GPU"], abs=2)
    assert parts["cache"] // parts["cache per request and GPU"] == parts["requests at once"]


@pytest.mark.parametrize(("gpu", "kernel"), [("h100", "Triton"), ("a100-80gb", "Marlin")])
def test_the_kernel_of_stored_experts_is_explained_with_what_it_adds(gpu: str, kernel: str) -> None:
    load = Load(engine=EngineName.VLLM, context=4096)
    terms = {term.name: term for term in explain(catalogue()["openai/gpt-oss-20b"], GPUS[gpu], 1, load)}
    assert f"for {kernel} kernels, what vllm takes on compute capability" in terms["experts filled up"].formula
    assert terms["weights of the model"].value + terms["experts filled up"].value == terms["weights per GPU"].value


def test_a_fit_is_explained_down_to_its_price() -> None:
    sizing = size(LLAMA_8B, Question(), machine_types(), GPUS)
    terms = {term.name: term for term in explain_fit(LLAMA_8B, sizing.fits[0], sizing.load)}
    assert terms["price"].value == sizing.fits[0].hourly
    assert sizing.fits[0].price.region in terms["price"].source
    assert "every slot busy" in terms["cost, estimated"].formula
    assert terms["decode, estimated"].source.startswith("assumed")
