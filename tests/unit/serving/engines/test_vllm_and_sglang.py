"""The containers of vLLM and SGLang: what is in them is there for a reason that was read in their source."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drivers.accelerators import L4, MI300X, T4
from drivers.models import LLAMA_8B, stored_as

from llmctl.serving.engines.container import SecretKey
from llmctl.serving.engines.engine import Engine
from llmctl.serving.engines.sglang.release import SGLANG
from llmctl.serving.engines.vllm.release import VLLM
from llmctl.serving.errors import EngineError
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.spec import Adapter, HostNeeds, ServingSpec, Speculation

SPEC = ServingSpec(
    model="meta-llama/Llama-3.1-8B-Instruct",
    served_name="llama",
    accelerator="l4",
    gpus=1,
    max_total_tokens=8192,
    host=HostNeeds(memory=32 << 30, shared_memory=1 << 30, disk=60 << 30, cpus=4),
)
DRAFTED_ADAPTER = replace(
    SPEC, adapters=(Adapter(name="sql", source="/sql"),), speculation=Speculation(tokens=3, draft_model="/draft")
)
ON_DISK = replace(SPEC, model="/models/llama")

both = pytest.mark.parametrize("engine", [VLLM, SGLANG], ids=["vllm", "sglang"])


def value(args: tuple[str, ...], flag: str) -> str:
    return args[args.index(flag) + 1]


@both
def test_every_flag_exists_in_the_release(engine: Engine) -> None:
    spec = replace(
        SPEC,
        revision="0" * 40,
        gpus=2,
        max_batch_size=16,
        max_batch_prefill_tokens=4096,
        dtype="bfloat16",
        quantization="fp8",
        kv_cache_dtype="fp8_e4m3",
        adapters=(Adapter(name="sql", source="/adapters/sql"),),
        speculation=Speculation(tokens=3),
        trust_remote_code=True,
    )
    args = engine.container(spec, L4).args
    engine.flags.check([word.removeprefix("--") for word in args if word.startswith("--")])
    assert engine.flags.release == engine.release


@both
def test_weights_on_disk_are_loaded_without_the_network(engine: Engine) -> None:
    assert engine.container(ON_DISK, L4).env["HF_HUB_OFFLINE"] == "1"
    assert "HF_HUB_OFFLINE" not in engine.container(SPEC, L4).env
    with_adapter = replace(ON_DISK, adapters=(Adapter(name="sql", source="owner/sql-lora"),))
    assert "HF_HUB_OFFLINE" not in engine.container(with_adapter, L4).env, "the adapter is on the Hub"


@both
def test_the_hub_token_comes_from_its_secret(engine: Engine) -> None:
    assert isinstance(engine.container(replace(SPEC, hub_token=True), L4).env["HF_TOKEN"], SecretKey)
    assert "HF_TOKEN" not in engine.container(SPEC, L4).env


def test_vllm_waits_for_a_large_model_as_long_as_the_stack_does() -> None:
    env = VLLM.container(replace(SPEC, startup_seconds=2400), L4).env
    assert env["VLLM_ENGINE_READY_TIMEOUT_S"] == "2400", "its own limit is 600 s"


def test_vllm_drains_where_its_default_would_abort() -> None:
    container = VLLM.container(replace(SPEC, graceful_termination_seconds=120), L4)
    assert value(container.args, "--shutdown-timeout") == "120"
    assert container.shutdown.grace_seconds > container.shutdown.pre_stop_seconds + 120


def test_sglang_has_time_for_a_health_check_that_takes_a_second_at_least() -> None:
    probes = SGLANG.container(SPEC, L4).probes
    assert probes.startup.timeout > 20
    assert probes.liveness is not None
    assert probes.liveness.timeout > 20
    assert probes.readiness.path == "/ready", "state only, so ten seconds are enough"


def test_fp8_is_the_word_that_quantizes_while_loading() -> None:
    fp8 = replace(SPEC, quantization="fp8")
    assert value(VLLM.container(fp8, L4).args, "--quantization") == "fp8_per_tensor"
    assert value(SGLANG.container(fp8, L4).args, "--quantization") == "fp8"


@pytest.mark.parametrize(
    ("engine", "spec", "accelerator", "reason"),
    [
        (VLLM, replace(SPEC, quantization="bitsandbytes-nf4"), L4, "no quantization bitsandbytes-nf4"),
        (VLLM, replace(SPEC, model="/models/llama.gguf"), L4, "no GGUF"),
        (VLLM, replace(SPEC, kv_cache_dtype="fp8_e4m3"), T4, "needs compute capability 8.0"),
        (SGLANG, replace(SPEC, quantization="bitsandbytes-nf4"), L4, "no quantization bitsandbytes-nf4"),
        (VLLM, SPEC, None, "no image for the processor"),
        (VLLM, replace(SPEC, max_batch_size=64, max_batch_prefill_tokens=32), L4, "to be at least maxBatchSize"),
        (VLLM, replace(SPEC, dtype="bfloat16"), T4, "Set dtype to float16"),
        (SGLANG, replace(SPEC, served_name="llama:8b"), L4, "a name without a colon"),
        (SGLANG, DRAFTED_ADAPTER, L4, "no adapters together with a draft model"),
        (SGLANG, SPEC, MI300X, "no image for AMD Instinct MI300X"),
        (SGLANG, SPEC, T4, "compute capability 8.0"),
        (SGLANG, replace(SPEC, api_key=True), L4, "no API key"),
    ],
)
def test_what_an_engine_lacks_is_said_before_a_gpu_is_paid_for(
    engine: Engine, spec: ServingSpec, accelerator: Accelerator | None, reason: str
) -> None:
    with pytest.raises(EngineError, match=reason):
        engine.container(spec, accelerator)
    assert reason in str(engine.refuses(spec, accelerator))


@pytest.mark.parametrize(
    ("engine", "engine_args", "reason"),
    [
        (VLLM, {"max-modl-len": 4096}, "Did you mean max-model-len"),
        (VLLM, {"max-model-len": 4096}, "decided by maxTotalTokens"),
        (VLLM, {"api-key": "k"}, "process list"),
        (VLLM, {"enforce-eager": "yes"}, "takes no value"),
        (VLLM, {"block-size": True}, "wants a value"),
        (SGLANG, {"tensor-parallel-size": 2}, "decided by accelerator"),
        (SGLANG, {"admin-api-key": "k"}, "process list"),
        (VLLM, {"data-parallel-size": 2}, "decided by accelerator"),
        (VLLM, {"config": "/etc/flags.yaml"}, "flags from a file"),
        (SGLANG, {"tool-server": "demo"}, "runs code"),
    ],
)
def test_engine_args_are_held_against_the_release(
    engine: Engine, engine_args: dict[str, str | int | float | bool], reason: str
) -> None:
    with pytest.raises(EngineError, match=reason):
        engine.container(replace(SPEC, engine_args=engine_args), L4)


@both
def test_engine_args_come_through(engine: Engine) -> None:
    args = engine.container(replace(SPEC, engine_args={"stream-interval": 4}), L4).args
    assert args[-2:] == ("--stream-interval", "4")


def test_vllm_reads_a_stored_quantization_by_itself() -> None:
    assert VLLM.refuses(SPEC, L4, stored_as("fp8")) is None
    assert VLLM.refuses(replace(SPEC, quantization="awq"), L4, stored_as("awq")) is None
    fp8 = replace(SPEC, quantization="fp8")
    assert VLLM.refuses(fp8, L4, LLAMA_8B) is None
    assert "Leave quantization fp8 out" in str(VLLM.refuses(fp8, L4, stored_as("fp8")))
    assert "Leave quantization gptq out" in str(VLLM.refuses(replace(SPEC, quantization="gptq"), L4, stored_as("awq")))


def test_sglang_guesses_a_chain_of_as_many_tokens_as_asked() -> None:
    args = SGLANG.container(replace(SPEC, speculation=Speculation(tokens=3)), L4).args
    assert value(args, "--speculative-num-draft-tokens") == "4", "the last accepted token is counted too"
    assert value(args, "--speculative-ngram-max-bfs-breadth") == "1", "3 // 10 branches would be no step"


def test_a_stream_that_waits_is_not_silent_in_vllm() -> None:
    assert value(VLLM.container(SPEC, L4).args, "--sse-keep-alive-interval") == "15"


def test_a_burst_fits_into_sglangs_queue_whatever_runs() -> None:
    spec = replace(SPEC, max_concurrent_requests=100, max_batch_size=100)
    assert value(SGLANG.container(spec, L4).args, "--max-queued-requests") == "100", "0 would refuse every request"
    assert value(VLLM.container(spec, L4).args, "--max-num-queued-reqs") == "100", "vLLM counts those that run too"
