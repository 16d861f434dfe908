"""From a parsed config.json to ModelFacts. Pure: no file is read here, no network is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from llmctl.serving.errors import ModelError
from llmctl.serving.models.config.architectures import ARCHITECTURES, GENERIC, Architecture
from llmctl.serving.models.config.attention import Heads
from llmctl.serving.models.config.feed_forward import experts
from llmctl.serving.models.config.fields import Fields
from llmctl.serving.models.config.layers import Kind, layer_kinds, window
from llmctl.serving.models.config.state import state_bytes
from llmctl.serving.models.config.storage import weight_bytes
from llmctl.serving.models.config.stored_quantization import storage
from llmctl.serving.models.config.weights import parts
from llmctl.serving.models.facts import LatentAttention, ModelFacts

Dtype = Literal["float32", "float16", "bfloat16"]
DTYPES = ("float32", "float16", "bfloat16")

UNKNOWN_ARCHITECTURE = 0.31
"""Margin where a model_type is not in ARCHITECTURES and the weights had to be computed. The generic formula was held
against that of every model of the catalogue: at worst 0.30 too much (gemma-3-1b-it, a large embedding counted twice),
never more than 0.06 too little (Llama-4-Scout, a shared expert that its config.json does not name)."""

UNKNOWN_CLASS = 0.01
"""Margin where a model_type is not in ARCHITECTURES and its weight files gave the bytes. Only the cache is computed
then, and it came out right or too large for every model of the catalogue; a class nobody knows may still differ."""

IMAGE_TOWER = 0.01
"""Margin for a model that also sees or hears: the weights for that are counted roughly (vision.py)."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the weight files themselves say; it goes before what config.json lets one compute."""

    weight_bytes: int | None = None
    parameters: int | None = None
    dtype: Dtype | None = None
    weights_format: Literal["safetensors", "pickle", "gguf"] | None = None


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Which model it is and where its config.json was read, with what was said beside it."""

    id: str
    source: str
    read_on: str
    revision: str | None = None
    licence: str | None = None
    gated: bool | None = None
    chat_template: bool | None = None


def facts_of(
    config: Mapping[str, Any],
    origin: Origin,
    *,
    hf_quant: Mapping[str, Any] | None = None,
    stored: Stored | None = None,
) -> ModelFacts:
    """The facts of one model from its parsed config.json, beside it hf_quant_config.json where there is one.

    Parameters and bytes are those of the weight files where `stored` has them, and computed from the fields otherwise.
    Raises ModelError that names a field that is missing or senseless.
    """
    where = f"config.json of {origin.id}"
    fields, stored = Fields(config, where), stored or Stored()
    text = _text(fields)
    model_type = text.word("model_type") or fields.word("model_type") or "unknown"
    architecture = ARCHITECTURES.get(model_type, GENERIC)
    text = text.with_defaults(architecture.defaults)
    kinds = layer_kinds(text, architecture)
    tied = _tied(fields, text, architecture)
    found = parts(fields, text, architecture, kinds, tied)
    how = storage(fields, Fields(hf_quant, f"hf_quant_config.json of {origin.id}") if hf_quant else None)
    dtype = stored.dtype or _dtype(fields, text, architecture)
    computed = sum(part.parameters for part in found)
    return ModelFacts(
        **_origin(fields, origin),
        model_type=fields.word("model_type") or model_type,
        parameters=stored.parameters or computed,
        active_parameters=round(sum(part.parameters * part.active for part in found)),
        weight_bytes=stored.weight_bytes or weight_bytes(found, dtype, how),
        dtype=dtype,
        **_shape(text, kinds),
        tied_embeddings=tied,
        state_bytes=state_bytes(text, kinds),
        quantization=how.stored if how else None,
        weights_format=stored.weights_format,
        margin=_margin(fields, model_type, stored),
    )


def _text(fields: Fields) -> Fields:
    """The fields of the language model: config.json itself, or `text_config` of a multimodal one."""
    for name in ("text_config", "llm_config", "language_config"):
        inner = fields.inner(name)
        if inner.has("hidden_size"):
            return inner
    return fields


def _tied(fields: Fields, text: Fields, architecture: Architecture) -> bool:
    name = "tie_word_embeddings"
    return fields.flag(name, default=text.flag(name, default=architecture.tied))


def _dtype(fields: Fields, text: Fields, architecture: Architecture) -> Dtype:
    for part in (fields, text):
        word = (part.word("torch_dtype") or part.word("dtype") or "").removeprefix("torch.")
        if word in DTYPES:
            return cast(Dtype, word)
    if architecture.dtype:
        return architecture.dtype
    raise ModelError(
        f"{fields.where} has no torch_dtype or dtype of {', '.join(DTYPES)}, so the bytes of a weight are not known. "
        f"Name a directory or repository whose config.json has it."
    )


def _origin(fields: Fields, origin: Origin) -> dict[str, Any]:
    names = fields.items("architectures")
    return {
        "id": origin.id,
        "revision": origin.revision,
        "architecture": str(names[0]) if names else "unknown",
        "licence": origin.licence,
        "gated": origin.gated,
        "chat_template": origin.chat_template,
        "remote_code": "AutoModelForCausalLM" in fields.inner("auto_map").values,
        "source": origin.source,
        "read_on": origin.read_on,
    }


def _shape(text: Fields, kinds: tuple[Kind, ...]) -> dict[str, Any]:
    full, windowed, mixture = Heads.of(text, "full"), Heads.of(text, "window"), experts(text)
    own = text.number("num_kv_shared_layers")  # the last layers read the cache of earlier ones (Gemma 3n)
    caching = kinds[: len(kinds) - own]
    differ = windowed != full and "window" in caching
    return {
        "layers": len(kinds),
        "hidden_size": text.count("hidden_size"),
        "intermediate_size": text.count("intermediate_size_mlp", "intermediate_size", "moe_intermediate_size"),
        "vocabulary": text.count("vocab_size"),
        "heads": full.queries,
        "kv_heads": full.keys,
        "head_dim": full.dim,
        "kv_layers": sum(kind in ("full", "window") for kind in caching),
        "window_layers": caching.count("window"),
        "sliding_window": window(text) if "window" in caching else None,
        "window_kv_heads": windowed.keys if differ else None,
        "window_head_dim": windowed.dim if differ else None,
        "latent_attention": _latent(text),
        "experts": mixture.count,
        "active_experts": mixture.active,
        "expert_size": mixture.width or None,
        "max_context": text.count("max_position_embeddings"),
    }


def _latent(text: Fields) -> LatentAttention | None:
    if not text.has("kv_lora_rank"):
        return None
    rank, rope = text.count("kv_lora_rank"), text.count("qk_rope_head_dim")
    return LatentAttention(kv_lora_rank=rank, rope_head_dim=rope, index_head_dim=text.number("index_head_dim"))


def _margin(fields: Fields, model_type: str, stored: Stored) -> float:
    """0 where the weight files gave the sizes and the architecture is known."""
    if model_type not in ARCHITECTURES:
        return UNKNOWN_CLASS if stored.weight_bytes else UNKNOWN_ARCHITECTURE
    names = [str(name) for name in fields.items("architectures")]
    rough = fields.has("vision_config") or any(name.endswith("ForConditionalGeneration") for name in names)
    return IMAGE_TOWER if rough and stored.weight_bytes is None else 0.0
