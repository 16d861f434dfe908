import pytest
from drivers.models import LLAMA_8B, QWEN_7B, model

from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.facts import StoredQuantization
from llmctl.serving.sizing.tensor_parallel import refuses_width, widths
from llmctl.serving.spec import EngineName

TGI, VLLM, SGLANG, LLAMACPP = EngineName.TGI, EngineName.VLLM, EngineName.SGLANG, EngineName.LLAMACPP


@pytest.mark.parametrize(
    ("facts", "gpus", "engine", "says"),
    [
        (LLAMA_8B, 8, TGI, None),
        (LLAMA_8B, 3, VLLM, "32 attention heads do not divide over 3 GPUs"),
        (QWEN_7B, 8, VLLM, "28 attention heads do not divide over 8 GPUs"),
        (LLAMA_8B, 16, TGI, "8 key-value heads do not divide over 16 GPUs"),
        (LLAMA_8B, 16, VLLM, None),
        (LLAMA_8B, 16, SGLANG, None),
        (LLAMA_8B, 5, LLAMACPP, None),
        (model(layers=4, kv_layers=4), 8, LLAMACPP, "4 layers cannot lie on 8 GPUs"),
        (catalogue()["deepseek-ai/DeepSeek-V3"], 8, VLLM, None),
        (catalogue()["Qwen/Qwen3-235B-A22B-FP8"], 4, VLLM, None),
        (catalogue()["Qwen/Qwen3-235B-A22B-FP8"], 8, VLLM, "1,536 / 8 is no multiple of the 128 weights"),
        (catalogue()["openai/gpt-oss-120b"], 8, VLLM, None),
        (
            model(intermediate_size=18944, quantization=StoredQuantization(method="awq", bits=4, group_size=128)),
            8,
            TGI,
            "18,944 / 8 is no multiple of the 128 weights that share a scale in awq",
        ),
    ],
)
def test_a_model_is_divided_only_where_the_engine_can(facts, gpus, engine, says) -> None:  # type: ignore[no-untyped-def]
    refused = refuses_width(facts, gpus, engine)
    assert refused is None if says is None else (refused or "").startswith(says)


@pytest.mark.parametrize("model_id", sorted(catalogue()))
@pytest.mark.parametrize("engine", EngineName)
def test_one_gpu_needs_no_division(model_id: str, engine: EngineName) -> None:
    assert refuses_width(catalogue()[model_id], 1, engine) is None


def test_a_machine_is_filled_with_equal_replicas() -> None:
    assert list(widths(8)) == [1, 2, 4, 8]
    assert list(widths(3)) == [1, 3]
