"""What layers without a key-value cache keep per running sequence: it does not grow with the context."""

from __future__ import annotations

from llmctl.serving.models.config.fields import Fields
from llmctl.serving.models.config.layers import Kind

CONVOLUTION_BYTES = 2
"""Of one number of the convolution's last inputs, kept in the model's 16 bits."""


def state_bytes(text: Fields, kinds: tuple[Kind, ...]) -> int:
    """Bytes per sequence of all linear-attention and Mamba-2 layers; 0 where there are none.

    A layer keeps a matrix per head (key or state size times value size) and the convolution's last inputs. The matrix
    is in the dtype the config names (`mamba_ssm_dtype`, `mamba_ssm_cache_dtype`), else in 16 bits.
    """
    return kinds.count("linear") * _delta_net(text, kinds) + kinds.count("mamba") * _mamba(text, kinds)


def _delta_net(text: Fields, kinds: tuple[Kind, ...]) -> int:
    if "linear" not in kinds:
        return 0
    keys, values = text.count("linear_key_head_dim"), text.count("linear_value_head_dim")
    heads, key_heads = text.count("linear_num_value_heads"), text.count("linear_num_key_heads")
    inputs = (text.count("linear_conv_kernel_dim") - 1) * (2 * key_heads * keys + heads * values)
    return heads * keys * values * _state_width(text) + inputs * CONVOLUTION_BYTES


def _mamba(text: Fields, kinds: tuple[Kind, ...]) -> int:
    if "mamba" not in kinds:
        return 0
    heads, dim, size = text.count("mamba_num_heads"), text.count("mamba_head_dim"), text.count("ssm_state_size")
    inputs = (text.count("conv_kernel") - 1) * (heads * dim + 2 * text.count("n_groups") * size)
    return heads * dim * size * _state_width(text) + inputs * CONVOLUTION_BYTES


def _state_width(text: Fields) -> int:
    named = text.word("mamba_ssm_dtype") or text.word("mamba_ssm_cache_dtype")
    return 4 if named == "float32" else 2
