"""ModelFacts of a GGUF file, from what its header says."""

from __future__ import annotations

from llmctl.serving.errors import ModelError
from llmctl.serving.models.config.facts_of import Origin
from llmctl.serving.models.facts import ModelFacts, StoredQuantization
from llmctl.serving.models.gguf import GgufFacts


def gguf_facts(header: GgufFacts, origin: Origin) -> ModelFacts:
    """Facts of a file, or of all parts of a model. Raises ModelError if a number lacks.

    Sliding windows and latent attention are not read: the cache comes out too large for such models, never too small.
    """
    needed = ("layers", "embedding_length", "feed_forward_length", "vocabulary", "context_length", "parameters")
    if missing := [name for name in needed if not getattr(header, name)]:
        raise ModelError(
            f"{origin.source} does not say its {', '.join(missing)}, so it cannot be sized. Convert the model again."
        )
    return ModelFacts(
        id=origin.id,
        revision=origin.revision,
        architecture=header.architecture,
        model_type=header.architecture,
        parameters=header.parameters,
        active_parameters=_active(header),
        weight_bytes=header.file_size,
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
        licence=origin.licence or header.licence,
        gated=origin.gated,
        chat_template=header.chat_template,
        weights_format="gguf",
        source=origin.source,
        read_on=origin.read_on,
    )


def _active(header: GgufFacts) -> int:
    if not header.experts:
        return header.parameters
    idle = header.expert_parameters * (header.experts - header.active_experts) // header.experts
    return header.parameters - idle
