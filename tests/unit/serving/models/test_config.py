from __future__ import annotations

import contextlib
from typing import Any

import pytest
from doubles.model_repositories import TINY_CONFIG, config
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.errors import ModelError
from llmctl.serving.models.config.facts_of import UNKNOWN_ARCHITECTURE, UNKNOWN_CLASS, Origin, Stored, facts_of
from llmctl.serving.models.facts import LatentAttention, ModelFacts, StoredQuantization

ORIGIN = Origin(id="org/tiny", source="a test", read_on="2026-11-24")
EMBEDDING = 300 * 64
ATTENTION = 64 * 64 * 2 + 64 * 32 * 2
MLP = 3 * 64 * 128
TINY = 2 * EMBEDDING + 2 * (ATTENTION + MLP + 2 * 64) + 64


def facts(stored: Stored | None = None, **fields: Any) -> ModelFacts:
    return facts_of(config(**fields), ORIGIN, stored=stored)


def test_a_dense_model_is_counted_matrix_by_matrix() -> None:
    tiny = facts()
    assert (tiny.parameters, tiny.active_parameters, tiny.weight_bytes) == (TINY, TINY, 2 * TINY)
    assert (tiny.heads, tiny.kv_heads, tiny.head_dim, tiny.kv_layers) == (4, 2, 16, 2)
    assert (tiny.dtype, tiny.tied_embeddings, tiny.margin) == ("bfloat16", False, 0.0)


def test_tied_embeddings_are_stored_once() -> None:
    assert facts(tie_word_embeddings=True).parameters == TINY - EMBEDDING


def test_without_key_value_heads_every_head_has_its_own() -> None:
    assert facts(num_key_value_heads=None).kv_heads == 4


def test_a_stated_head_size_goes_before_the_computed_one() -> None:
    assert facts(head_dim=32).head_dim == 32


def test_a_bias_of_the_projections_counts() -> None:
    assert facts(model_type="qwen2").parameters == TINY + 2 * (64 + 2 * 32)


def test_experts_count_whole_and_are_active_in_part() -> None:
    mixture = facts(model_type="mixtral", num_local_experts=8, num_experts_per_tok=2)
    assert mixture.parameters == TINY + 2 * (7 * MLP + 8 * 64)
    assert mixture.active_parameters == TINY + 2 * (MLP + 8 * 64)
    assert (mixture.experts, mixture.active_experts) == (8, 2)


@pytest.mark.parametrize(
    ("fields", "windowed", "window"),
    [
        ({"sliding_window": 32}, 2, 32),
        ({"sliding_window": 256}, 0, None),
        ({"sliding_window": None}, 0, None),
        ({"model_type": "qwen2", "sliding_window": 32, "use_sliding_window": False}, 0, None),
        ({"model_type": "qwen2", "sliding_window": 32}, 0, None),
        ({"model_type": "qwen2", "sliding_window": 32, "use_sliding_window": True, "max_window_layers": 1}, 1, 32),
        ({"model_type": "gemma2", "sliding_window": 32}, 1, 32),
        ({"model_type": "gemma3_text", "sliding_window": 32, "sliding_window_pattern": 2}, 1, 32),
        ({"layer_types": ["sliding_attention", "full_attention"], "sliding_window": 32}, 1, 32),
        ({"layer_types": ["sliding_attention", "full_attention"], "sliding_window": None}, 0, None),
    ],
)
def test_windowed_layers_are_those_that_config_json_and_its_class_mean(
    fields: dict[str, Any], windowed: int, window: int | None
) -> None:
    tiny = facts(**fields)
    assert (tiny.window_layers, tiny.sliding_window, tiny.kv_layers) == (windowed, window, 2)


def test_layers_of_linear_attention_keep_a_state_and_no_cache() -> None:
    hybrid = facts(
        model_type="qwen3_next",
        full_attention_interval=2,
        linear_num_key_heads=2,
        linear_num_value_heads=4,
        linear_key_head_dim=16,
        linear_value_head_dim=8,
        linear_conv_kernel_dim=4,
    )
    assert (hybrid.kv_layers, hybrid.layers) == (1, 2)
    assert hybrid.state_bytes == 4 * 16 * 8 * 2 + 3 * (2 * 2 * 16 + 4 * 8) * 2


def test_mamba_layers_keep_a_state_in_the_width_that_is_named() -> None:
    hybrid = facts(
        model_type="nemotron_h",
        hybrid_override_pattern="M*",
        mamba_num_heads=4,
        mamba_head_dim=8,
        ssm_state_size=16,
        n_groups=2,
        conv_kernel=4,
        mamba_ssm_cache_dtype="float32",
    )
    assert hybrid.kv_layers == 1
    assert hybrid.state_bytes == 4 * 8 * 16 * 4 + 3 * (4 * 8 + 2 * 2 * 16) * 2


def test_latent_attention_caches_one_vector_for_all_heads() -> None:
    latent = facts(model_type="deepseek_v2", kv_lora_rank=32, qk_rope_head_dim=8, qk_nope_head_dim=16, v_head_dim=16)
    assert latent.latent_attention == LatentAttention(kv_lora_rank=32, rope_head_dim=8)
    attention = 64 * 4 * 24 + 64 * 40 + 32 * 4 * 32 + 4 * 16 * 64 + 32
    assert latent.parameters == TINY + 2 * (attention - ATTENTION)


def test_windowed_layers_with_other_heads_are_told_apart() -> None:
    gemma = facts(
        model_type="gemma4_text",
        layer_types=["sliding_attention", "full_attention"],
        sliding_window=32,
        head_dim=16,
        global_head_dim=32,
        num_global_key_value_heads=1,
    )
    assert (gemma.kv_heads, gemma.head_dim) == (1, 32)
    assert (gemma.window_kv_heads, gemma.window_head_dim) == (2, 16)


def test_a_multimodal_model_is_its_language_model_and_a_tower() -> None:
    tower = {"hidden_size": 8, "num_hidden_layers": 1, "intermediate_size": 16, "patch_size": 2}
    outer = {"architectures": ["LlavaForConditionalGeneration"], "model_type": "llava", "vision_config": tower}
    seeing = facts_of({**outer, "text_config": dict(TINY_CONFIG)}, ORIGIN)
    assert seeing.active_parameters == TINY
    assert seeing.parameters == TINY + (4 * 64 + 2 * 128 + 9 * 8 + 16) + 3 * 4 * 8 + 8 * 64
    assert seeing.margin > 0


def test_what_the_weight_files_say_goes_before_the_formula() -> None:
    read = facts(Stored(weight_bytes=1000, parameters=500, dtype="float16", weights_format="safetensors"))
    assert (read.weight_bytes, read.parameters, read.dtype, read.weights_format) == (
        1000,
        500,
        "float16",
        "safetensors",
    )


def test_an_unknown_architecture_is_read_generically_and_says_how_far_it_may_be_off() -> None:
    assert facts(model_type="unheard_of").margin == UNKNOWN_ARCHITECTURE
    assert facts(Stored(weight_bytes=1000), model_type="unheard_of").margin == UNKNOWN_CLASS
    assert facts(model_type="unheard_of", sliding_window=32).window_layers == 0


@pytest.mark.parametrize(
    ("quantization", "expected", "bits"),
    [
        ({"quant_method": "fp8", "weight_block_size": [16, 16]}, ("fp8", 8, 256), 8 + 32 / 256),
        ({"quant_method": "awq", "bits": 4, "group_size": 32}, ("awq", 4, 32), 4 + 20 / 32),
        ({"quant_method": "gptq", "bits": 4, "group_size": -1}, ("gptq", 4, None), 4),
        ({"quant_method": "gptq", "bits": 4, "group_size": 32}, ("gptq", 4, 32), 4 + 20 / 32),
        ({"quant_method": "mxfp4"}, ("mxfp4", 4, 32), 4.25),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4", "group_size": 16}, ("modelopt", 4, 16), 4.5),
        ({"quant_method": "modelopt", "quant_algo": "FP8"}, ("modelopt", 8, None), 8),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "int", "group_size": 32}}},
            },
            ("compressed-tensors", 4, 32),
            4.5,
        ),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, ("bitsandbytes", 4, 64), 4.5),
    ],
)
def test_a_quantization_covers_the_linear_layers_and_leaves_the_rest_in_16_bits(
    quantization: dict[str, Any], expected: tuple[str, float, int | None], bits: float
) -> None:
    tiny = facts(quantization_config=quantization)
    assert tiny.quantization == StoredQuantization(method=expected[0], bits=expected[1], group_size=expected[2])
    linear = 2 * (ATTENTION + MLP)
    assert tiny.weight_bytes == round(linear * bits / 8 + (TINY - linear) * 2)


@pytest.mark.parametrize(
    "ignored",
    [
        "model.layers.1.mlp",
        "model.layers.1.mlp*",
        "re:.*layers\\.1\\.mlp.*",
        "model.language_model.layers.1.mlp*",
        "backbone.layers.1.mixer.down_proj",
    ],
)
def test_modules_that_a_quantization_leaves_out_stay_in_16_bits(ignored: str) -> None:
    quantization = {"quant_method": "fp8", "modules_to_not_convert": ["lm_head", ignored]}
    whole = facts(quantization_config={"quant_method": "fp8"})
    assert facts(quantization_config=quantization).weight_bytes == whole.weight_bytes + MLP


def test_modules_of_different_formats_are_read_one_by_one() -> None:
    layers = {
        "model.layers.0.self_attn.o_proj": {"quant_algo": "FP8"},
        "model.layers.0.mlp.down_proj": {"quant_algo": "W4A16_NVFP4", "group_size": 16},
        "model.layers.1.mlp.down_proj": {"quant_algo": "NVFP4", "group_size": 16},
    }
    mixed = {"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION", "quantized_layers": layers}
    tiny = facts(quantization_config=mixed)
    assert tiny.quantization == StoredQuantization(method="modelopt", bits=4, group_size=16)
    assert tiny.weight_bytes == 2 * TINY - ATTENTION - 2 * MLP * 2 + round(2 * MLP * 4.5 / 8)


def test_layers_may_be_told_by_their_blocks() -> None:
    mamba = {"mamba_num_heads": 4, "mamba_head_dim": 8, "ssm_state_size": 16, "n_groups": 2, "conv_kernel": 4}
    blocks = ["mamba", "attention", "mlp"]
    hybrid = facts(model_type="nemotron_h", num_hidden_layers=None, layers_block_type=blocks, **mamba)
    assert (hybrid.layers, hybrid.kv_layers) == (3, 1)


def test_experts_may_be_in_the_layers_that_a_list_names() -> None:
    mixture = {"num_local_experts": 8, "num_experts_per_tok": 2}
    one = facts(model_type="mixtral", moe_layer_freq=[0, 1], **mixture)
    assert one.parameters == TINY + 7 * MLP + 8 * 64


def test_the_quantization_may_lie_in_a_file_of_its_own() -> None:
    nvidia = {"quantization": {"quant_algo": "FP8", "exclude_modules": ["lm_head"]}}
    tiny = facts_of(config(), ORIGIN, hf_quant=nvidia)
    assert tiny.quantization == StoredQuantization(method="modelopt", bits=8)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"num_hidden_layers": None}, "config.json of org/tiny has no num_hidden_layers"),
        ({"vocab_size": None}, "has no vocab_size"),
        ({"max_position_embeddings": None}, "has no max_position_embeddings"),
        ({"torch_dtype": None}, "has no torch_dtype or dtype"),
        ({"torch_dtype": "int8"}, "has no torch_dtype or dtype"),
        ({"hidden_size": "64"}, "hidden_size is '64'; it must be a whole number from 1 up"),
        ({"hidden_size": -64}, "hidden_size is -64"),
        ({"hidden_size": True}, "hidden_size is True"),
        ({"hidden_size": 2**60}, "hidden_size is"),
        ({"num_hidden_layers": 10**6}, "num_hidden_layers is 1,000,000; at most 4,096 layers"),
        ({"num_hidden_layers": 0}, "num_hidden_layers is 0"),
        ({"tie_word_embeddings": "no"}, "tie_word_embeddings is 'no'; it must be true or false"),
        ({"layer_types": ["full_attention"]}, "names 1 layer types and 2 layers"),
        ({"layer_types": ["full_attention", "hyena"]}, "layers of type 'hyena', which llmctl cannot size; known are"),
        ({"num_local_experts": 8}, "has no num_experts_per_tok"),
        ({"num_local_experts": 2, "num_experts_per_tok": 4}, "4 experts per token and has 2"),
        ({"quantization_config": {"quant_method": "hqq"}}, "quant_method 'hqq'; known are awq"),
        (
            {"quantization_config": {"quant_method": "modelopt", "quant_algo": "W4"}},
            "quant_algo 'W4'; known are FP8, NVFP4 and MIXED_PRECISION",
        ),
        ({"quantization_config": "fp8"}, "quantization_config is 'fp8'; it must be an object"),
    ],
)
def test_what_config_json_lacks_or_has_wrong_is_named_in_one_line(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError) as raised:
        facts(**fields)
    assert message in str(raised.value)
    assert "org/tiny" in str(raised.value)
    assert "\n" not in str(raised.value)


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.just("x"), st.lists(st.integers()))
NAMES = [*sorted(TINY_CONFIG), "layer_types", "head_dim", "sliding_window", "num_nextn_predict_layers", "kv_lora_rank"]


@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING))
def test_a_config_of_nonsense_is_facts_or_a_model_error(fields: dict[str, Any]) -> None:
    with contextlib.suppress(ModelError):
        assert facts_of({**TINY_CONFIG, **fields}, ORIGIN).parameters > 0
