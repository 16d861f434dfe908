"""What an engine lacks is said in one line that names who has it, the same way for all four."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drivers.accelerators import A100, B200, H100, INFERENTIA2, L4, MI300X, T4
from drivers.container_specs import ONE_GPU
from drivers.models import GPT_OSS, LLAMA_8B, PICKLED, stored_as

from llmctl.serving.engines.arguments import passed
from llmctl.serving.engines.engine import Engine, Feature, Platform
from llmctl.serving.engines.matrix import matrix
from llmctl.serving.engines.registry import ENGINES, others_with
from llmctl.serving.errors import EngineError
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName

TGI, VLLM, SGLANG, LLAMACPP = (ENGINES[name] for name in EngineName)
every_engine = pytest.mark.parametrize("engine", ENGINES.values(), ids=lambda engine: str(engine.name))


@pytest.mark.parametrize(
    ("engine", "accelerator", "reason"),
    [
        (TGI, T4, "kernels for compute capability 8.0 to 9.0; NVIDIA T4 has 7.5. llama.cpp and vLLM have it."),
        (TGI, B200, "NVIDIA B200 SXM 180 GB has 10.0. SGLang, llama.cpp and vLLM have it."),
        (TGI, None, "no image for the processor. llama.cpp has it."),
        (VLLM, INFERENTIA2, "no image for AWS Inferentia2. Text Generation Inference has it."),
        (SGLANG, MI300X, "no image for AMD Instinct MI300X"),
    ],
)
def test_hardware_without_an_image_or_kernels_is_refused(
    engine: Engine, accelerator: Accelerator | None, reason: str
) -> None:
    assert reason in str(engine.refuses(ONE_GPU, accelerator))


@pytest.mark.parametrize("accelerator", [L4, A100, H100], ids=lambda a: a.name)
@every_engine
def test_every_engine_runs_on_the_gpus_that_all_have(engine: Engine, accelerator: Accelerator) -> None:
    assert engine.refuses(ONE_GPU, accelerator) is None


def test_a_gpu_too_old_for_one_format_is_told_which_it_needs() -> None:
    reason = SGLANG.refuses(replace(ONE_GPU, quantization="modelopt"), A100)
    assert reason == (
        f"SGLang {SGLANG.release} needs compute capability 8.9 for quantization modelopt; NVIDIA A100 SXM4 80 GB has "
        "8.0. vLLM has it."
    )


def test_a_format_that_only_another_platform_has_is_refused_with_the_platform() -> None:
    reason = str(TGI.refuses(replace(ONE_GPU, kv_cache_dtype="fp8_e5m2"), MI300X))
    assert "has KV cache in fp8_e5m2, but not on AMD Instinct MI300X. vLLM has it." in reason


def test_an_engine_that_does_not_run_on_that_gpu_is_not_named_as_one_that_has_it() -> None:
    reason = str(LLAMACPP.refuses(replace(ONE_GPU, model="/m.gguf", quantization="fp8"), T4))
    assert reason.endswith("has no quantization fp8. vLLM has it."), "SGLang and TGI have fp8, and no kernels for a T4"


def test_the_last_release_with_an_architecture_is_named_where_it_is_known() -> None:
    name, last = next(iter(VLLM.architectures.removed.items()))
    reason = str(VLLM.refuses(ONE_GPU, H100, replace(LLAMA_8B, architecture=name)))
    assert f"has no {name} any more; {last} was the last with it." in reason


@pytest.mark.parametrize(
    ("engine", "facts", "reason"),
    [
        (TGI, GPT_OSS, "no quantization mxfp4. SGLang and vLLM have it."),
        (TGI, replace(GPT_OSS, quantization=None), "no code for GptOssForCausalLM (gpt_oss). SGLang and vLLM have it."),
        (TGI, PICKLED, "Convert them to safetensors"),
        (VLLM, stored_as("exl2"), "no quantization exl2. Text Generation Inference has it."),
        (LLAMACPP, LLAMA_8B, "no safetensors"),
    ],
)
def test_a_model_that_an_engine_cannot_load_is_refused_by_its_facts(
    engine: Engine, facts: ModelFacts, reason: str
) -> None:
    assert reason in str(engine.refuses(ONE_GPU, H100, facts))


@pytest.mark.parametrize(
    ("quantization", "facts", "reason"),
    [
        (
            "awq",
            LLAMA_8B,
            "is not stored in awq, and Text Generation Inference does not convert it. Choose a repository",
        ),
        ("eetq", LLAMA_8B, None),
        ("fp8", LLAMA_8B, None),
        ("fp8", stored_as("fp8"), None),
        ("gptq", stored_as("awq"), "is stored in awq, not in gptq. Leave quantization gptq out."),
        (None, stored_as("bitsandbytes"), "quantizes to bitsandbytes while loading and reads no weights stored so"),
    ],
)
def test_a_quantization_must_be_the_stored_one_or_one_made_while_loading(
    quantization: str | None, facts: ModelFacts, reason: str | None
) -> None:
    refused = TGI.refuses(replace(ONE_GPU, quantization=quantization), H100, facts)
    assert refused is None if reason is None else reason in str(refused)


@pytest.mark.parametrize("engine", [TGI, VLLM, SGLANG], ids=lambda engine: str(engine.name))
@pytest.mark.parametrize("facts", [LLAMA_8B, stored_as("awq"), stored_as("gptq"), stored_as("fp8")], ids=lambda f: f.id)
def test_a_plain_model_is_served_by_every_engine_that_reads_safetensors(engine: Engine, facts: ModelFacts) -> None:
    assert engine.refuses(ONE_GPU, H100, facts) is None


def test_nobody_to_go_to_is_said_as_well() -> None:
    assert others_with(lambda engine: engine.title == "") == "No engine here has it."


@every_engine
def test_an_image_has_the_digest_of_the_spec_and_no_other(engine: Engine) -> None:
    digest = f"sha256:{'a' * 64}"
    assert engine.container(ONE_GPU, H100).image.digest is None
    image = engine.container(replace(ONE_GPU, image_digest=digest), H100).image
    assert image.reference == f"{image.repository}:{image.tag}@{digest}"


@every_engine
def test_an_unknown_engine_flag_is_refused_with_the_nearest(engine: Engine) -> None:
    flag = next(name for name in sorted(engine.flags.takes_value) if len(name) > 12)
    with pytest.raises(EngineError, match=rf"has no flag --{flag}x\. Did you mean {flag}"):
        passed(engine, replace(ONE_GPU, engine_args={f"{flag}x": 1}))


@every_engine
def test_a_flag_that_a_setting_decides_is_refused_with_the_setting(engine: Engine) -> None:
    for setting, flags in engine.settings.items():
        for flag in flags:
            with pytest.raises(EngineError, match=f"--{flag} is decided by {setting}; set that instead"):
                passed(engine, replace(ONE_GPU, engine_args={flag: True}))


@every_engine
def test_a_flag_that_would_show_a_secret_is_refused(engine: Engine) -> None:
    with pytest.raises(EngineError, match="--api-key would show a secret"):
        passed(engine, replace(ONE_GPU, engine_args={"api-key": "x"}))


@every_engine
def test_a_flag_gets_a_value_exactly_where_it_takes_one(engine: Engine) -> None:
    closed = {flag for flags in engine.settings.values() for flag in flags} | set(engine.refused_flags)
    with_value = next(f for f, takes in engine.flags.takes_value.items() if takes and f not in closed)
    without = next(f for f, takes in engine.flags.takes_value.items() if not takes and f not in closed)
    for wrong in ({with_value: True}, {without: 3}):
        with pytest.raises(EngineError, match="value"):
            passed(engine, replace(ONE_GPU, engine_args=wrong))
    assert passed(engine, replace(ONE_GPU, engine_args={with_value: 3, without: True}))


@every_engine
def test_settings_and_refusals_name_flags_that_exist(engine: Engine) -> None:
    engine.flags.check(flag for flags in engine.settings.values() for flag in flags)
    engine.flags.check(engine.refused_flags)


@every_engine
def test_what_an_engine_has_it_has_only_where_it_has_an_image(engine: Engine) -> None:
    for table in (engine.features, engine.quantizations, engine.kv_cache_dtypes):
        for word, support in table.items():
            assert support.platforms, word
            assert support.platforms <= set(engine.images), word


def test_the_matrix_has_every_feature_and_every_word_once() -> None:
    rows = matrix()
    words = [name for row in rows if row.kind != "hardware" for name in row.names]
    assert len(words) == len(set(words))
    tables = [engine.quantizations.keys() | engine.kv_cache_dtypes.keys() for engine in ENGINES.values()]
    assert set(words) == set(Feature) | set().union(*tables)
    assert all(row.cells.keys() == ENGINES.keys() for row in rows)


def test_the_matrix_says_what_the_engines_say() -> None:
    row = next(row for row in matrix() if row.names == ("LoRA",))
    assert row.cells[EngineName.LLAMACPP].platforms == ()
    assert row.cells[EngineName.TGI].platforms == (Platform.CUDA,)
    assert row.cells[EngineName.TGI].compute_capability == (8, 0), "not below what the image has kernels for"


def test_a_matrix_cell_agrees_with_the_refusal() -> None:
    for row in matrix():
        if row.kind != "quantization":
            continue
        for name, cell in row.cells.items():
            works = Platform.CUDA in cell.platforms and (cell.compute_capability or (0, 0)) <= (9, 0)
            refused = ENGINES[name].refuses(replace(ONE_GPU, quantization=row.names[0]), H100)
            assert (refused is None) is works, f"{name} {row.names[0]}: {refused}"
