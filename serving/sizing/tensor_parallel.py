"""Over how many GPUs of one node an engine can divide a model."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt

from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName


def refuses_width(facts: ModelFacts, gpus: int, engine: EngineName) -> str | None:
    """Why `gpus` GPUs cannot share the model, or None.

    Attention heads must divide (TGI 3.3.7 launcher/src/main.rs; vLLM 0.33.0 config/model.py; SGLang alike). KV heads
    must divide, too; vLLM and SGLang give each GPU a whole one where GPUs outnumber them. Quantization that shares a
    scale among a group or block must not be cut through one. llama.cpp divides by layers.
    """
    if gpus == 1:
        return None
    if engine is EngineName.LLAMACPP:
        return None if gpus <= facts.layers else f"{facts.layers} layers cannot lie on {gpus} GPUs"
    if facts.heads % gpus:
        return f"{facts.heads} attention heads do not divide over {gpus} GPUs"
    if facts.latent_attention is None and not _divides(facts.kv_heads, gpus, engine):
        return f"{facts.kv_heads} key-value heads do not divide over {gpus} GPUs"
    return _refuses_groups(facts, gpus)


def _divides(kv_heads: int, gpus: int, engine: EngineName) -> bool:
    return kv_heads % gpus == 0 or (engine is not EngineName.TGI and gpus % kv_heads == 0)


def _refuses_groups(facts: ModelFacts, gpus: int) -> str | None:
    width = facts.expert_size or facts.intermediate_size
    if width % gpus:
        return f"a feed-forward width of {width:,} does not divide over {gpus} GPUs"
    stored = facts.quantization
    if stored is None or stored.group_size is None or stored.method == "mxfp4":  # mxfp4 is filled up: expert_kernels.py
        return None
    group = isqrt(stored.group_size) if stored.group_size > 1024 else stored.group_size  # square blocks
    if width // gpus % group:
        return f"{width:,} / {gpus} is no multiple of the {group} weights that share a scale in {stored.method}"
    return None


def widths(gpus: int) -> Iterator[int]:
    """Replica widths that fill a machine of `gpus` GPUs with equal replicas, narrowest first."""
    return (width for width in range(1, gpus + 1) if gpus % width == 0)
