"""What Text Generation Inference and llama.cpp are spared, and what they refuse: each trap was read in their source."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drivers.accelerators import H100, INFERENTIA2, L4, MI300X
from drivers.models import LLAMA_8B, PHI3, gguf

from llmctl.serving.engines.container import SecretKey
from llmctl.serving.engines.engine import Engine
from llmctl.serving.engines.llamacpp.release import LLAMACPP
from llmctl.serving.engines.tgi.release import TGI
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
ON_DISK = replace(SPEC, model="/models/llama")
FILE = replace(SPEC, model="/models/llama-q4_k_m.gguf")
SQL = (Adapter(name="sql", source="/adapters/sql"),)


def value(engine: Engine, spec: ServingSpec, flag: str, accelerator: Accelerator | None = L4) -> str | None:
    args = engine.container(spec, accelerator).args
    return args[args.index(flag) + 1] if flag in args else None


def test_tgi_is_told_its_shards_and_is_not_left_to_count_gpus() -> None:
    assert value(TGI, replace(ON_DISK, gpus=2), "--num-shard") == "2"
    on_four = replace(ON_DISK, gpus=4, max_batch_size=4)
    assert value(TGI, on_four, "--num-shard", INFERENTIA2) == "1", "neuron shards by itself"


def test_tgi_asks_the_hub_nothing_once_everything_lies_on_disk() -> None:
    offline = [
        TGI.container(spec, L4).env.get("HF_HUB_OFFLINE") for spec in (SPEC, ON_DISK, replace(ON_DISK, adapters=SQL))
    ]
    assert offline == [None, "1", "1"]
    from_the_hub = replace(ON_DISK, adapters=(Adapter(name="o/sql", source="o/sql"),))
    assert "HF_HUB_OFFLINE" not in TGI.container(from_the_hub, L4).env


def test_tgi_does_not_print_its_api_key() -> None:
    container = TGI.container(replace(SPEC, api_key=True), L4)
    assert isinstance(container.env["API_KEY"], SecretKey)
    # The launcher prints its arguments at level info.
    assert "text_generation_launcher=warn" in str(container.env["LOG_LEVEL"])
    assert "LOG_LEVEL" not in TGI.container(SPEC, L4).env, "without a key its log tells how the start goes on"


def test_tgi_with_adapters_runs_without_cuda_graphs_and_prefix_cache() -> None:
    container = TGI.container(replace(SPEC, adapters=SQL), L4)
    assert container.env["LORA_ADAPTERS"] == "sql=/adapters/sql"
    assert container.env["PREFIX_CACHING"] == "0"
    assert "CUDA_GRAPHS" not in container.env, "as a variable the shards would see it, as a flag they do not"
    assert value(TGI, replace(SPEC, adapters=SQL), "--cuda-graphs") == "0"
    assert value(TGI, SPEC, "--cuda-graphs") is None


def test_what_the_entrypoints_unquoted_arguments_would_tear_apart_goes_by_variable() -> None:
    container = TGI.container(
        replace(SPEC, engine_args={"otlp-service-name": "my service", "cuda-memory-fraction": 0.9}), L4
    )
    assert container.env["OTLP_SERVICE_NAME"] == "my service"
    assert "--otlp-service-name" not in container.args
    assert container.args[-2:] == ("--cuda-memory-fraction", "0.9")
    assert not any(" " in word or "*" in word for word in container.args)


@pytest.mark.parametrize(("accelerator", "working_directory"), [(L4, "/usr/src"), (MI300X, "/app"), (INFERENTIA2, "")])
def test_tgi_can_write_its_tokenizer_down_where_each_image_works(
    accelerator: Accelerator, working_directory: str
) -> None:
    container = TGI.container(replace(SPEC, max_batch_size=4), accelerator)
    assert f"{working_directory}/out" in [volume.path for volume in container.volumes]


def test_shared_memory_is_there_for_several_gpus_only() -> None:
    volumes = [TGI.container(replace(ON_DISK, gpus=gpus), L4).volumes for gpus in (1, 2)]
    assert [any(volume.memory for volume in those) for those in volumes] == [False, True]


def test_tgi_leaves_room_for_an_answer() -> None:
    assert value(TGI, SPEC, "--max-input-tokens") == "8191"
    assert value(TGI, replace(SPEC, max_input_tokens=4000), "--max-input-tokens") == "4000"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dtype": "bfloat16", "quantization": "awq"}, "takes dtype or quantization awq, not both"),
        ({"dtype": "float32"}, "not float32"),
        ({"quantization": "exl2", "gpus": 2}, "exl2 on one GPU only"),
        ({"model": "/models/llama", "revision": "0" * 40}, "is a directory, which has no revision"),
        ({"gpus": 2, "host": HostNeeds(memory=1 << 35, shared_memory=0, disk=0, cpus=4)}, "1 GiB of shared memory"),
        (
            {"adapters": (Adapter(name="sql", source="o/sql"),)},
            "Call it o/sql, or give an absolute path in the container",
        ),
        ({"adapters": (Adapter(name="a,b", source="/a"),)}, "may hold a comma"),
        ({"adapters": SQL, "engine_args": {"cuda-graphs": "1"}}, "cannot be set with adapters"),
        ({"speculation": Speculation(tokens=3, draft_model="o/d")}, "has no draft model. SGLang, llama.cpp and vLLM"),
    ],
)
def test_tgi_refuses_what_it_would_end_with(change: dict[str, object], reason: str) -> None:
    with pytest.raises(EngineError) as refused:
        TGI.container(replace(SPEC, **change), L4)  # type: ignore[arg-type]
    assert reason in str(refused.value)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


def test_bitsandbytes_is_the_one_quantization_beside_a_dtype() -> None:
    assert TGI.refuses(replace(SPEC, dtype="float16", quantization="bitsandbytes-nf4"), L4) is None


def test_inferentia_needs_the_batch_size_of_the_export() -> None:
    assert "maxBatchSize" in str(TGI.refuses(SPEC, INFERENTIA2))
    container = TGI.container(replace(SPEC, gpus=4, max_batch_size=4), INFERENTIA2)
    assert container.env["HF_NUM_CORES"] == "8", "two cores per device"
    assert container.resources.gpu_resource == "aws.amazon.com/neuron"


def test_an_fp8_cache_is_refused_for_models_that_flashinfer_does_not_serve() -> None:
    spec = replace(SPEC, kv_cache_dtype="fp8_e4m3")
    assert TGI.refuses(spec, L4, LLAMA_8B) is None
    assert "head dimension 96" in str(TGI.refuses(spec, L4, PHI3))
    assert TGI.refuses(SPEC, L4, PHI3) is None


@pytest.mark.parametrize(
    ("change", "accelerator", "tokens"),
    [
        ({}, L4, None),
        ({}, MI300X, "8191"),
        ({"speculation": Speculation(tokens=3)}, L4, "8191"),
        ({"max_batch_size": 4}, INFERENTIA2, str(4 * 8191)),
    ],
)
def test_where_a_prompt_is_computed_in_one_step_the_step_holds_the_longest(
    change: dict[str, object], accelerator: Accelerator, tokens: str | None
) -> None:
    spec = replace(SPEC, **change)  # type: ignore[arg-type]
    assert value(TGI, spec, "--max-batch-prefill-tokens", accelerator) == tokens
    too_small = TGI.refuses(replace(spec, max_batch_prefill_tokens=512), accelerator)
    assert ("maxBatchPrefillTokens (512) must be at least 8191" in str(too_small)) is (tokens is not None)


def test_some_models_are_computed_in_one_step_everywhere() -> None:
    spec = replace(SPEC, max_batch_prefill_tokens=512)
    assert TGI.refuses(spec, L4, LLAMA_8B) is None
    assert "at least 8191" in str(TGI.refuses(spec, L4, replace(LLAMA_8B, model_type="gemma3")))


def test_amd_gets_the_only_attention_it_has() -> None:
    env = TGI.container(SPEC, MI300X).env
    assert (env["ATTENTION"], env["PREFIX_CACHING"], env["PREFILL_CHUNKING"]) == ("paged", "0", "0")


def test_llamacpp_gives_every_slot_room_for_a_whole_request() -> None:
    spec = replace(FILE, max_batch_size=8)
    assert value(LLAMACPP, spec, "--ctx-size") == str(8 * 8192)
    assert value(LLAMACPP, spec, "--parallel") == "8"
    assert "--no-kv-unified" in LLAMACPP.container(spec, L4).args


def test_llamacpp_fails_rather_than_computing_on_the_processor() -> None:
    assert value(LLAMACPP, FILE, "--n-gpu-layers") == "all"
    assert value(LLAMACPP, FILE, "--fit") == "off"
    assert value(LLAMACPP, replace(FILE, gpus=2), "--device") == "CUDA0,CUDA1", "one that is missing ends the start"
    assert value(LLAMACPP, FILE, "--device", MI300X) == "ROCm0"
    on_the_processor = replace(FILE, gpus=0, accelerator=None)
    assert value(LLAMACPP, on_the_processor, "--n-gpu-layers", None) is None


def test_llamacpp_takes_no_more_threads_than_it_may_use() -> None:
    spec = replace(FILE, host=replace(FILE.host, cpus=0.5))
    assert value(LLAMACPP, spec, "--threads") == "1"


def test_llamacpp_takes_the_file_of_a_repository_by_its_quantization() -> None:
    spec = replace(SPEC, model="o/llama-GGUF")
    assert value(LLAMACPP, spec, "--hf-repo") == "o/llama-GGUF"
    assert value(LLAMACPP, replace(spec, quantization="Q4_K_M"), "--hf-repo") == "o/llama-GGUF:Q4_K_M"


def test_llamacpp_requests_end_before_sigterm_because_it_cuts_them_off() -> None:
    shutdown = LLAMACPP.container(FILE, L4).shutdown
    assert shutdown.pre_stop_seconds >= FILE.graceful_termination_seconds


@pytest.mark.parametrize(
    ("draft", "flag"), [("/models/draft.gguf", "--spec-draft-model"), ("o/draft-GGUF", "--spec-draft-hf")]
)
def test_llamacpp_takes_a_draft_model_from_disk_or_the_hub(draft: str, flag: str) -> None:
    spec = replace(FILE, speculation=Speculation(tokens=3, draft_model=draft))
    assert value(LLAMACPP, spec, flag) == draft
    assert ("--offline" in LLAMACPP.container(spec, L4).args) is draft.startswith("/")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model": "/models/llama"}, "is no .gguf file"),
        ({"quantization": "Q8_0"}, "is quantized as it is stored, not as Q8_0"),
        ({"model": "o/llama-GGUF", "revision": "0" * 40}, "only the newest commit"),
        ({"adapters": SQL}, "has no LoRA. SGLang, Text Generation Inference and vLLM have it."),
        ({"max_input_tokens": 100}, "has no prompt limit"),
        ({"dtype": "bfloat16"}, "has no choice of dtype"),
        ({"trust_remote_code": True}, "has no trust remote code"),
        ({"kv_cache_dtype": "fp8_e4m3"}, "has no KV cache in fp8_e4m3"),
        ({"engine_args": {"tools": "all"}}, "lets a model read files and run commands"),
        ({"engine_args": {"slots": True}}, "shows what others have asked"),
    ],
)
def test_llamacpp_refuses_what_it_would_ignore_or_end_with(change: dict[str, object], reason: str) -> None:
    with pytest.raises(EngineError) as refused:
        LLAMACPP.container(replace(FILE, **change), L4)  # type: ignore[arg-type]
    assert reason in str(refused.value)


def test_a_relative_path_is_no_repository_of_the_hub() -> None:
    near = replace(FILE, model="./llama-q4_k_m.gguf")
    assert value(LLAMACPP, near, "--hf-repo") is None
    assert "not as Q8_0" in str(LLAMACPP.refuses(replace(near, quantization="Q8_0"), L4))


def test_llamacpp_serves_gguf_and_nothing_else() -> None:
    assert "has no safetensors" in str(LLAMACPP.refuses(SPEC, H100, LLAMA_8B))
    assert LLAMACPP.refuses(FILE, H100, gguf("llama")) is None
    assert "no code for newest" in str(LLAMACPP.refuses(FILE, H100, gguf("newest")))
