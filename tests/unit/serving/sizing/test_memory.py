"""Figures worked out by hand, and what has to hold for any model, GPU and engine."""

from dataclasses import replace

import pytest
from drivers.models import GPT_OSS, LLAMA_8B, LLAMA_70B, QWEN_7B, model
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.errors import SizingError
from llmctl.serving.hardware.accelerators import accelerators
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.activations import bytes_per_token
from llmctl.serving.sizing.engine_memory import ENGINE_MEMORY
from llmctl.serving.sizing.expert_kernels import (
    AITER,
    FLASHINFER,
    MARLIN,
    TRITON,
    TRITON_AS_STORED,
    TRITON_KEEPING_SCALES,
    ExpertKernel,
    chosen_kernel,
)
from llmctl.serving.sizing.judgement import judge
from llmctl.serving.sizing.kv_cache import kv_cache
from llmctl.serving.sizing.load import Load, prefill_tokens, visible_memory
from llmctl.serving.sizing.memory import split_memory
from llmctl.serving.sizing.sglang_share import mem_fraction_static
from llmctl.serving.sizing.weights import ON_THE_FLY, weight_bytes, weights_per_gpu
from llmctl.serving.spec import EngineName

GPUS = accelerators()
GIB = 1024**3


def planned_tokens(facts: ModelFacts, gpu: str, gpus: int) -> float:
    """What one reckons on paper: (0.9 * memory * shards - weights - 1 GB per GPU) / bytes per token."""
    room = ENGINE_MEMORY[EngineName.TGI].share * GPUS[gpu].usable_memory * gpus - weight_bytes(facts, None) - 1e9 * gpus
    return room / kv_cache(facts, engine=EngineName.TGI, dtype=None, gpus=1).per_token


@pytest.mark.parametrize(
    ("facts", "gpu", "gpus", "thousands"),
    [
        (LLAMA_8B, "a10g", 1, 35),
        (LLAMA_8B, "l4", 1, 35),
        (LLAMA_8B, "l40s", 1, 200),
        (LLAMA_8B, "h100", 1, 457),
        (LLAMA_8B, "h200", 1, 905),
        (LLAMA_70B, "l40s", 4, 87),
        (LLAMA_70B, "h100", 4, 500),
        (LLAMA_70B, "l4", 8, 75),
        (LLAMA_70B, "a10g", 8, 75),
        (QWEN_7B, "l4", 1, 96),
    ],
)
def test_tokens_of_cache_on_paper_are_those_worked_out_by_hand(
    facts: ModelFacts, gpu: str, gpus: int, thousands: int
) -> None:
    assert planned_tokens(facts, gpu, gpus) == pytest.approx(1000 * thousands, rel=0.02)


@pytest.mark.parametrize(("facts", "gpu", "gpus"), [(LLAMA_8B, "t4", 1), (LLAMA_70B, "l4", 4)])
def test_what_does_not_fit_on_paper_does_not_fit(facts: ModelFacts, gpu: str, gpus: int) -> None:
    assert planned_tokens(facts, gpu, gpus) < 0
    assert judge(facts, GPUS[gpu], gpus, Load(engine=EngineName.TGI, context=512)).reason


def test_tgi_gives_its_cache_exactly_what_its_formula_leaves() -> None:
    """free = mem_free - (1 - share) * mem_total, where mem_free is what process, weights and warm-up left."""
    total = 24 * 10**9
    load = Load(engine=EngineName.TGI, context=4096, visible_memory=total, memory_share=0.8)
    split = split_memory(LLAMA_8B, GPUS["l4"], 1, load)
    overhead = split.overhead - (GPUS["l4"].usable_memory - total)  # without what the driver keeps
    free = total - split.weights - split.activations - overhead
    assert split.kv_cache == free - (total - int(0.8 * total))
    assert split.kv_tokens == split.kv_cache // 131_072


@pytest.mark.parametrize(
    ("facts", "gpu", "gpus", "tokens"),
    [
        (LLAMA_8B, "l4", 1, 8_049),
        (LLAMA_8B, "a10g", 1, 8_315),
        (LLAMA_8B, "l40s", 1, 24_147),
        (LLAMA_8B, "a100-80gb", 1, 20_755),
        (LLAMA_8B, "h100", 1, 59_870),
        (LLAMA_8B, "h200", 1, 65_791),
        (LLAMA_70B, "h100", 4, 24_383),
        (LLAMA_70B, "l4", 4, 3_278),
    ],
)
def test_tgis_default_prefill_is_the_one_its_launcher_computes(
    facts: ModelFacts, gpu: str, gpus: int, tokens: int
) -> None:
    assert prefill_tokens(facts, GPUS[gpu], gpus, Load(engine=EngineName.TGI, context=4096)) == tokens


def test_embeddings_keep_sixteen_bits_when_the_rest_is_quantized() -> None:
    embeddings = 2 * 128_256 * 4096
    assert weight_bytes(LLAMA_8B, "fp8") == (LLAMA_8B.parameters - embeddings) + 2 * embeddings
    four_bit = weight_bytes(LLAMA_8B, "bitsandbytes-nf4")
    assert 0.5 < (four_bit - 2 * embeddings) / (LLAMA_8B.parameters - embeddings) < 0.56


@pytest.mark.parametrize(
    ("facts", "quantization", "says"),
    [
        (LLAMA_8B, "awq", "needs weights that are stored so"),
        (catalogue()["openai/gpt-oss-20b"], "fp8", "is stored as mxfp4"),
    ],
)
def test_a_quantization_the_weights_cannot_have_is_one_line(facts: ModelFacts, quantization: str, says: str) -> None:
    with pytest.raises(SizingError, match=says):
        weight_bytes(facts, quantization)


models = st.builds(
    lambda layers, heads, per_kv, head_dim, feed_forward, vocabulary: model(
        layers=layers,
        kv_layers=layers,
        heads=heads,
        kv_heads=max(1, heads // per_kv),
        head_dim=head_dim,
        hidden_size=heads * head_dim,
        intermediate_size=256 * feed_forward,
        vocabulary=vocabulary,
        parameters=layers * heads * head_dim * (768 * feed_forward + 4 * heads * head_dim),
    ),
    layers=st.integers(4, 100),
    heads=st.sampled_from([8, 16, 32, 64]),
    per_kv=st.sampled_from([1, 4, 8]),
    head_dim=st.sampled_from([64, 128]),
    feed_forward=st.integers(4, 128),
    vocabulary=st.integers(32_000, 262_144),
)
loads = st.builds(
    Load,
    engine=st.sampled_from(EngineName),
    context=st.integers(128, 131_072),
    concurrency=st.integers(1, 64),
    quantization=st.sampled_from([None, *ON_THE_FLY]),
    kv_cache_dtype=st.sampled_from([None, "fp8_e5m2"]),
)
gpus = st.sampled_from([1, 2, 4, 8])
kinds = st.sampled_from([gpu for gpu in GPUS.values() if gpu.name != "inferentia2"])


@given(facts=models, load=loads, count=gpus, gpu=kinds)
def test_the_parts_of_a_gpu_add_up_to_it(facts, load, count, gpu) -> None:  # type: ignore[no-untyped-def]
    split = split_memory(facts, gpu, count, load)
    parts = (split.weights, split.kv_cache, split.activations, split.overhead, split.reserved, split.free)
    assert sum(parts) == gpu.usable_memory
    assert min(split.weights, split.activations, split.overhead, split.reserved, split.free) >= 0


@given(facts=models, load=loads, count=gpus, gpu=kinds, more=st.integers(0, 200))
def test_more_memory_never_fits_less(facts, load, count, gpu, more) -> None:  # type: ignore[no-untyped-def]
    load = replace(load, prefill_tokens=2048, sequences=256)  # else larger GPUs are given larger batches
    if load.engine is EngineName.SGLANG:
        load = replace(load, memory_share=0.88)  # its default keeps more to itself from 60 GiB on
    larger = replace(gpu, usable_memory=gpu.usable_memory + more * GIB)
    before, after = split_memory(facts, gpu, count, load), split_memory(facts, larger, count, load)
    assert after.kv_tokens >= before.kv_tokens
    assert after.requests >= before.requests
    if judge(facts, gpu, count, load).reason is None:
        assert judge(facts, larger, count, load).reason is None


@given(facts=models, load=loads, count=gpus, gpu=kinds, more=st.integers(1, 100_000))
def test_more_context_never_fits_more(facts, load, count, gpu, more) -> None:  # type: ignore[no-untyped-def]
    longer = replace(load, context=load.context + more)
    assert split_memory(facts, gpu, count, longer).requests <= split_memory(facts, gpu, count, load).requests
    if judge(facts, gpu, count, longer).reason is None:
        assert judge(facts, gpu, count, load).reason is None


def test_a_prefill_is_never_longer_than_the_model_reads() -> None:
    short = replace(QWEN_7B, max_context=4096)
    assert prefill_tokens(short, GPUS["h100"], 8, Load(engine=EngineName.TGI, context=4096)) == 4096


@pytest.mark.parametrize(("gpu", "count", "share"), [("h100", 1, 0.830), ("h100", 4, 0.819), ("l4", 1, 0.684)])
def test_sglangs_share_is_the_one_it_computes(gpu: str, count: int, share: float) -> None:
    """By hand from its formula: 512 + 1.5 * 8192 + 128 + 2 * 256 + 400 of 81,559 MiB; and so on."""
    assert mem_fraction_static(LLAMA_8B, GPUS[gpu], count, Load(engine=EngineName.SGLANG, context=4096)) == share


@pytest.mark.parametrize(
    ("model_id", "kernel", "gib"),
    [
        ("openai/gpt-oss-120b", TRITON, 61.29),  # vLLM 0.25.1, research note 'gpt-oss-120b', 2026-08-04
        ("openai/gpt-oss-120b", TRITON_KEEPING_SCALES, 64.38),  # 0.14.1, vllm-project/vllm issue 33155, 2026-01-27
        ("openai/gpt-oss-20b", TRITON_KEEPING_SCALES, 13.47),  # llm-d-benchmark, empirical-vllm-memory-results.md, 2025
        ("openai/gpt-oss-120b", MARLIN, 65.97),  # 0.10.1, vllm-project/vllm issue 23278, 2025-08-20
        ("openai/gpt-oss-20b", MARLIN, 13.72),  # 0.19.0, myoceane.fr, vLLM A100 Gemma-4, 2026-04-18
    ],
)
def test_mxfp4_experts_take_as_much_as_the_log_of_their_kernel_says(
    model_id: str, kernel: ExpertKernel, gib: float
) -> None:
    vllm = weights_per_gpu(catalogue()[model_id], None, 1, EngineName.VLLM, kernel) / GIB
    assert vllm == pytest.approx(gib, rel=0.005)


@pytest.mark.parametrize(
    ("gpu", "engine", "kernel"),
    [
        ("h100", EngineName.VLLM, TRITON),
        ("h200", EngineName.VLLM, TRITON),
        ("a100-80gb", EngineName.VLLM, MARLIN),
        ("l40s", EngineName.VLLM, MARLIN),
        ("b200", EngineName.VLLM, FLASHINFER),
        ("rtx-pro-6000", EngineName.VLLM, MARLIN),
        ("mi300x", EngineName.VLLM, AITER),
        ("h100", EngineName.SGLANG, TRITON_KEEPING_SCALES),
        ("b200", EngineName.SGLANG, FLASHINFER),
        ("l4", EngineName.SGLANG, TRITON_AS_STORED),
        ("h100", EngineName.LLAMACPP, None),
        ("h100", EngineName.TGI, None),
    ],
)
def test_the_kernel_is_the_one_that_the_engine_takes_on_the_gpu(
    gpu: str, engine: EngineName, kernel: ExpertKernel | None
) -> None:
    assert chosen_kernel(GPT_OSS, GPUS[gpu], engine) is kernel
    assert chosen_kernel(LLAMA_8B, GPUS[gpu], engine) is None, "its weights are not mxfp4"


def test_a_kernel_whose_choice_was_not_read_counts_as_the_one_that_pads_more() -> None:
    assert chosen_kernel(replace(GPT_OSS, model_type="other"), GPUS["h100"], EngineName.VLLM) is MARLIN


def test_experts_are_filled_up_on_each_gpu_for_itself() -> None:
    """By hand, Marlin on 2 GPUs: 2,880 / 2 = 1,440 becomes 1,536, and 2,880 of the hidden size 3,072."""
    matrices = 3 * 3072 * 1536
    on_one_gpu = matrices // 2 + matrices // 32 + 2 * (2 * 1536 + 3072)
    stored = 3 * 2880 * 2880 // 2 + 3 * 2880 * 2880 // 32 + 2 * (2 * 2880 + 2880)
    assert MARLIN.growth(GPT_OSS, 2) == 24 * 32 * (on_one_gpu - stored // 2)


@pytest.mark.parametrize(("gpu", "mib"), [("h100", 1900), ("a100-80gb", 512), ("l40s", 512), ("rtx-pro-6000", 512)])
def test_buffers_between_gpus_are_larger_over_nvlink_from_hopper_on(gpu: str, mib: int) -> None:
    load = Load(engine=EngineName.VLLM, context=4096)
    one, two = (split_memory(LLAMA_8B, GPUS[gpu], gpus, load).overhead for gpus in (1, 2))
    assert two - one == mib * 1024**2


@pytest.mark.parametrize(("gpu", "gib"), [("h100", 79.18), ("b200", 178.35), ("l4", 0.985 * 23034 / 1024)])
def test_what_cuda_gives_is_as_logs_have_it_or_by_the_share_of_others(gpu: str, gib: float) -> None:
    load = Load(engine=EngineName.VLLM, context=4096)
    assert visible_memory(GPUS[gpu], load) / GIB == pytest.approx(gib, abs=0.01)
    assert visible_memory(GPUS[gpu], replace(load, visible_memory=7)) == 7


def test_the_peak_of_a_prefill_is_that_of_its_feed_forward_part() -> None:
    mixture = model(experts=64, active_experts=8, expert_size=1024)
    assert bytes_per_token(LLAMA_8B, 2, EngineName.VLLM) == 2 * (3 * 7168 + 4 * 4096)
    assert bytes_per_token(mixture, 2, EngineName.VLLM) == 2 * (8 * 4096 + 8 * 512 + 4 * 4096)
    assert bytes_per_token(LLAMA_8B, 2, EngineName.LLAMACPP) == 2 * (3 * 14336 + 4 * 4096)


def test_llama_cpp_computes_in_32_bits_and_keeps_the_logits_of_its_batch() -> None:
    peak = split_memory(LLAMA_8B, GPUS["h100"], 1, Load(engine=EngineName.LLAMACPP, context=4096)).activations
    assert peak == 2 * 512 * 2 * (3 * 14336 + 4 * 4096) + 4 * 512 * 128_256


def test_a_margin_makes_weights_and_requests_larger_by_its_share() -> None:
    load = Load(engine=EngineName.LLAMACPP, context=4096)
    sure, rough = (split_memory(model(margin=margin), GPUS["h100"], 1, load) for margin in (0.0, 0.25))
    assert (rough.weights, rough.kv_cache) == (int(1.25 * sure.weights), int(1.25 * sure.kv_cache))


def test_llama_cpp_puts_whole_layers_on_each_gpu_with_their_cache() -> None:
    load = Load(engine=EngineName.LLAMACPP, context=4096, concurrency=8)
    one, three = (split_memory(LLAMA_8B, GPUS["h100"], gpus, load) for gpus in (1, 3))
    assert three.weights == 11 * one.weights // 32
    assert three.kv_cache == 11 * one.kv_cache // 32


def test_heads_that_outnumber_the_gpus_are_kept_by_each() -> None:
    even, extra = (weights_per_gpu(LLAMA_8B, None, gpus, EngineName.VLLM) * gpus for gpus in (8, 16))
    assert even == weight_bytes(LLAMA_8B, None)
    assert extra - even == 2 * (2 * 32 * 4096 * 8 * 128), "keys and values of every layer, a second time"


def test_a_tied_embedding_is_in_sixteen_bits_once() -> None:
    tied, untied = (weight_bytes(model(tied_embeddings=tied), "fp8") for tied in (True, False))
    assert untied - tied == LLAMA_8B.vocabulary * LLAMA_8B.hidden_size


def test_a_width_that_does_not_divide_is_refused_before_memory_is_counted() -> None:
    refused = judge(LLAMA_8B, GPUS["h100"], 3, Load(engine=EngineName.VLLM, context=4096))
    assert refused.reason == "32 attention heads do not divide over 3 GPUs"
    assert refused.memory is None


def test_tgi_keeps_a_tied_embedding_twice() -> None:
    tied = model(tied_embeddings=True)
    once, twice = (split_memory(tied, GPUS["h100"], 2, Load(engine=engine, context=4096)).weights for engine in ENGINES)
    assert twice - once == 2 * tied.vocabulary * tied.hidden_size // 2


ENGINES = (EngineName.VLLM, EngineName.TGI)
