"""Which kind of attention each layer of a model has, from the words config.json has for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from llmctl.serving.errors import ModelError
from llmctl.serving.models.config.architectures import Architecture
from llmctl.serving.models.config.fields import Fields

Kind = Literal["full", "window", "linear", "mamba", "none"]
"""Sees the whole context; the last tokens of it; keeps a state instead (two sorts); or has no attention at all."""

LAYER_TYPES: dict[str, Kind] = {
    "full_attention": "full",
    "attention": "full",
    "sliding_attention": "window",
    "chunked_attention": "window",
    "linear_attention": "linear",
    "deepseek_sparse_attention": "full",
    "mamba": "mamba",
}
PATTERN: dict[str, Kind] = {"*": "full", "M": "mamba", "-": "none", "E": "none"}
"""The letters of nemotron_h's `hybrid_override_pattern`; E and - are expert and dense feed-forward layers."""

BLOCKS = {"attention": "*", "mamba": "M", "mlp": "-", "moe": "E"}
"""The same in words: `layers_block_type` of later configs."""

LLAMA4_FULL_EVERY = 4
"""Default of `no_rope_layer_interval` (transformers, configuration_llama4.py): the others see a chunk."""


def layer_kinds(fields: Fields, architecture: Architecture) -> tuple[Kind, ...]:
    """The kind of each layer, first to last. Raises ModelError for a word that is not known."""
    pattern = hybrid_pattern(fields)
    layers = fields.layers("num_hidden_layers", default=len(pattern) if pattern else None)
    if pattern:
        return _known([PATTERN.get(letter) for letter in pattern], pattern, fields, layers)
    if names := fields.items("layer_types"):
        kinds = _known([LAYER_TYPES.get(str(name)) for name in names], names, fields, layers)
        return kinds if window(fields) else _unwindowed(kinds)
    if interval := fields.number("full_attention_interval"):
        return _every(interval, "linear", layers)
    return _by_window(fields, architecture, layers)


def hybrid_pattern(fields: Fields) -> str | None:
    """A letter per layer (Nemotron-H); None for models whose layers all have attention and a feed-forward part."""
    blocks = fields.items("layers_block_type") if fields.word("model_type") == "nemotron_h" else ()
    return fields.word("hybrid_override_pattern") or "".join(BLOCKS.get(str(name), "?") for name in blocks) or None


def window(fields: Fields) -> int | None:
    """Tokens that a windowed layer sees; None where it would be the whole context."""
    size = fields.number("sliding_window", "attention_chunk_size")
    return size if 0 < size < fields.count("max_position_embeddings") else None


def _by_window(fields: Fields, architecture: Architecture, layers: int) -> tuple[Kind, ...]:
    full: Kind = "full"
    windowed: Kind = "window"
    if not window(fields) or not fields.flag("use_sliding_window", default=architecture.windowed):
        return (full,) * layers
    if fields.has("use_sliding_window") and fields.has("max_window_layers"):  # the first ones see everything (qwen2)
        first = min(fields.number("max_window_layers"), layers)
        return (full,) * first + (windowed,) * (layers - first)
    chunked = fields.has("attention_chunk_size")
    every = fields.number("no_rope_layer_interval", default=LLAMA4_FULL_EVERY) if chunked else 0
    every = every or fields.number("sliding_window_pattern", default=architecture.window_pattern)
    return _every(every, windowed, layers) if every > 1 else (windowed,) * layers


def _every(interval: int, others: Kind, layers: int) -> tuple[Kind, ...]:
    full: Kind = "full"
    return tuple(others if (i + 1) % interval else full for i in range(layers))


def _unwindowed(kinds: Sequence[Kind]) -> tuple[Kind, ...]:
    full: Kind = "full"
    return tuple(full if kind == "window" else kind for kind in kinds)


def _known(kinds: Sequence[Kind | None], words: Sequence[object], fields: Fields, layers: int) -> tuple[Kind, ...]:
    if len(kinds) != layers:
        raise ModelError(f"{fields.where} names {len(kinds)} layer types and {layers} layers; one of them is wrong.")
    for kind, word in zip(kinds, words, strict=True):
        if kind is None:
            raise ModelError(
                f"{fields.where} has layers of type {word!r}, which llmctl cannot size; "
                f"known are {', '.join((*LAYER_TYPES, *PATTERN))}."
            )
    return tuple(kind for kind in kinds if kind is not None)
