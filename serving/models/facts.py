"""ModelFacts: what sizing and the engines need to know of a model, and where it was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class LatentAttention:
    """Multi-head latent attention: one compressed vector per token and layer in place of keys and values."""

    kv_lora_rank: int
    rope_head_dim: int
    index_head_dim: int = 0
    """Numbers cached besides, for the indexer of sparse attention (DeepSeek-V3.2, GLM-5); 0: there is none."""

    @property
    def width(self) -> int:
        """Numbers cached per token and layer (DeepSeek-V2, arXiv 2405.04434, section 2.1)."""
        return self.kv_lora_rank + self.rope_head_dim


@dataclass(frozen=True, kw_only=True)
class StoredQuantization:
    """How the weights in the repository are stored, where that is not plain numbers."""

    method: str
    """The word of `quantization_config.quant_method`: fp8, awq, gptq, compressed-tensors, mxfp4, modelopt…, or gguf."""

    bits: float
    """Bits per quantized weight, scales not counted."""

    group_size: int | None = None
    """Weights that share a scale; None where a whole row or tensor does."""


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """One model at one revision. Counts are numbers of things, sizes are bytes."""

    id: str
    """Hub id (owner/name), or the path of a directory or .gguf file."""

    revision: str | None
    """40-hex commit on the Hub. None on disk, and where the catalogue's source names no commit."""

    architecture: str
    """First entry of `architectures` in config.json (LlamaForCausalLM), or llama.cpp's name in a GGUF."""

    model_type: str
    """`model_type` of config.json: llama, qwen3_moe, deepseek_v3…"""

    parameters: int
    """All that the repository stores: embeddings, an image tower and multi-token prediction layers included."""

    active_parameters: int
    """Those that take part in one token of text: not the idle experts, an image tower or multi-token prediction."""

    weight_bytes: int
    """Bytes of the weights as the repository stores them."""

    dtype: Literal["float32", "float16", "bfloat16"]
    """Of the weights that are not quantized, and of the computation."""

    layers: int
    hidden_size: int
    intermediate_size: int
    """Of the dense feed-forward part; of one expert where there is no dense part."""

    vocabulary: int
    tied_embeddings: bool
    """Whether input embedding and output head are one matrix."""

    heads: int
    kv_heads: int
    head_dim: int
    """Of the layers that see the whole context."""

    kv_layers: int
    """Layers that keep a cache that grows with the context (not linear attention, not Mamba)."""

    window_layers: int = 0
    """Those of `kv_layers` that look back only `sliding_window` tokens."""

    sliding_window: int | None = None
    """Tokens."""

    window_kv_heads: int | None = None
    window_head_dim: int | None = None
    """Of `window_layers`, where they differ from the other layers (Gemma 4)."""

    state_bytes: int = 0
    """What linear-attention and Mamba layers keep per running sequence, whatever its length."""

    latent_attention: LatentAttention | None = None
    """Set for MLA (DeepSeek, Kimi): the cache holds this in place of keys and values."""

    experts: int = 0
    active_experts: int = 0
    """Routed experts per token, shared ones not counted."""

    expert_size: int | None = None
    """`intermediate_size` of one routed expert; None for a dense model, and where the source does not say."""

    max_context: int
    """Tokens the model was trained for (`max_position_embeddings`)."""

    quantization: StoredQuantization | None = None
    licence: str | None = None
    """SPDX-like word of the model card, None where the source does not say."""

    gated: bool | None = None
    """Whether the Hub wants an accepted licence; None where the source does not say."""

    chat_template: bool | None = None
    weights_format: Literal["safetensors", "pickle", "gguf"] | None = None

    remote_code: bool = False
    """Whether config.json names Python files of the repository (`auto_map`) for the model class."""

    source: str
    """Where this was read: a repository and path, or a file."""

    read_on: str
    """ISO date."""

    margin: float = 0.0
    """Share by which sizes may be off: 0 where every number was read, more where the architecture is not known."""
