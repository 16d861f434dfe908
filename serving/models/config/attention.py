"""Weights of one layer's attention: grouped queries, multi-head latent attention, gated delta nets, Mamba-2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from llmctl.serving.models.config.architectures import Architecture
from llmctl.serving.models.config.fields import Fields
from llmctl.serving.models.config.layers import Kind
from llmctl.serving.models.config.part import Part


@dataclass(frozen=True, kw_only=True)
class Heads:
    """Attention heads of a layer."""

    queries: int
    keys: int
    dim: int

    @classmethod
    def of(cls, text: Fields, kind: Kind = "full") -> Self:
        """Of the layers that see everything, or of the windowed ones where config.json has both (Gemma 4)."""
        queries = text.count("num_attention_heads")
        keys = text.count("num_key_value_heads", default=queries)
        dim = text.count("head_dim", default=text.count("hidden_size") // queries or 1)
        if kind == "full" and text.has("global_head_dim"):
            keys = text.count("num_global_key_value_heads", default=keys)
            dim = text.count("global_head_dim")
        return cls(queries=queries, keys=keys, dim=dim)


def attention(text: Fields, architecture: Architecture, kind: Kind) -> list[Part]:
    """Parts of the attention of one layer of that kind; none for a layer without attention."""
    layer = "model.layers.{}"
    if kind == "none":
        return []
    if kind == "linear":
        return [_gated_delta_net(text, f"{layer}.linear_attn.out_proj")]
    if kind == "mamba":
        return [_mamba(text, f"{layer}.mixer.out_proj")]
    if text.has("kv_lora_rank"):
        return [_latent(text, f"{layer}.self_attn.o_proj"), *_indexer(text, f"{layer}.self_attn.indexer.wq_b")]
    return [_grouped(text, architecture, kind, f"{layer}.self_attn.o_proj")]


def _grouped(text: Fields, architecture: Architecture, kind: Kind, module: str) -> Part:
    heads, hidden = Heads.of(text, kind), text.count("hidden_size")
    queries, keys = heads.queries * heads.dim, heads.keys * heads.dim
    shared = kind == "full" and text.flag("attention_k_eq_v", default=False)  # one projection for keys and values
    values = 0 if shared else keys
    gate = queries if architecture.attention_output_gate else 0
    bias = text.flag("attention_bias", default=architecture.qkv_bias)
    other = (queries + keys + values) * bias + hidden * (bias and architecture.output_bias)
    if architecture.qk_norm != "none" and text.flag("use_qk_norm", default=True):
        other += 2 * heads.dim if architecture.qk_norm == "head" else queries + keys
    other += heads.queries * architecture.sinks
    return Part(module=module, linear=hidden * (2 * queries + gate + keys + values), other=other)


def _latent(text: Fields, module: str) -> Part:
    """Down and up projections of queries and of keys and values (DeepSeek-V2, arXiv 2405.04434, section 2.1)."""
    hidden, heads = text.count("hidden_size"), text.count("num_attention_heads")
    rank, rope = text.count("kv_lora_rank"), text.count("qk_rope_head_dim")
    nope, value = text.count("qk_nope_head_dim"), text.count("v_head_dim")
    q_rank = text.number("q_lora_rank")
    queries = q_rank * (hidden + heads * (nope + rope)) if q_rank else hidden * heads * (nope + rope)
    linear = queries + hidden * (rank + rope) + rank * heads * (nope + value) + heads * value * hidden
    return Part(module=module, linear=linear, other=q_rank + rank)


def _indexer(text: Fields, module: str) -> list[Part]:
    """Chooses the tokens that sparse attention looks at (DeepSeek-V3.2, GLM-5)."""
    if not text.has("index_head_dim"):
        return []
    hidden, dim, heads = text.count("hidden_size"), text.count("index_head_dim"), text.count("index_n_heads")
    linear = text.count("q_lora_rank") * heads * dim + hidden * dim
    return [Part(module=module, linear=linear, other=hidden * heads + 2 * dim)]


def _gated_delta_net(text: Fields, module: str) -> Part:
    hidden, dim = text.count("hidden_size"), text.count("linear_value_head_dim")
    value_heads = text.count("linear_num_value_heads")
    keys = text.count("linear_num_key_heads") * text.count("linear_key_head_dim")
    values = value_heads * dim
    linear = hidden * (2 * keys + 2 * values) + values * hidden
    convolution = (2 * keys + values) * text.count("linear_conv_kernel_dim")
    return Part(module=module, linear=linear, other=2 * hidden * value_heads + convolution + 2 * value_heads + dim)


def _mamba(text: Fields, module: str) -> Part:
    hidden, heads = text.count("hidden_size"), text.count("mamba_num_heads")
    inner = heads * text.count("mamba_head_dim")
    groups = 2 * text.count("n_groups") * text.count("ssm_state_size")
    convolution = (inner + groups) * (text.count("conv_kernel") + 1)
    linear = hidden * (2 * inner + groups + heads) + inner * hidden
    return Part(module=module, linear=linear, other=convolution + 3 * heads + inner)
