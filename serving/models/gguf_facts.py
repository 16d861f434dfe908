"""ModelFacts of a GGUF file, from what its header says."""

from __future__ import annotations

from pathlib import Path

from llmctl.serving.errors import ModelError
from llmctl.serving.models.facts import ModelFacts, StoredQuantization
from llmctl.serving.models.gguf import GgufFacts, inspect


def gguf_facts(model_id: str, path: Path, *, read_on: str) -> ModelFacts:
    """Facts of the file at `path`. Raises ModelNotFound, ModelDamaged as `inspect` does, ModelError if a number lacks.

    Sliding windows and latent attention are not read: the cache comes out too large for such models, never too small.
    """
    header = inspect(path)
    needed = ("layers", "embedding_length", "feed_forward_length", "vocabulary", "context_length", "parameters")
    if missing := [name for name in needed if not getattr(header, name)]:
        raise ModelError(
            f"{path} does not say its {', '.join(missing)}, so it cannot be sized. Convert the model again."
        )
    return ModelFacts(
        id=model_id,
        revision=None,
        architecture=header.architecture,
        model_type=header.architecture,
        parameters=header.parameters,
        active_parameters=_active(header),
        weight_bytes=header.weights_size,
        dtype="float16",
        layers=header.layers,
        hidden_size=header.embedding_length,
        intermediate_size=header.feed_forward_length,
        vocabulary=header.vocabulary,
        tied_embeddings=header.tied,
        heads=header.heads,
        kv_heads=header.kv_heads,
        head_dim=max(header.key_length, header.value_length),
        kv_layers=header.layers,
        experts=header.experts,
        active_experts=header.active_experts,
        max_context=header.context_length or 0,
        quantization=StoredQuantization(method="gguf", bits=round(8 * header.weights_size / header.parameters, 2)),
        licence=header.licence,
        chat_template=header.chat_template,
        weights_format="gguf",
        source=str(path),
        read_on=read_on,
    )


def _active(header: GgufFacts) -> int:
    if not header.experts:
        return header.parameters
    idle = header.expert_parameters * (header.experts - header.active_experts) // header.experts
    return header.parameters - idle
