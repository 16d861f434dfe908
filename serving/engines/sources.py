"""What a container loads at start, and from where."""

from __future__ import annotations

from llmctl.serving.spec import ServingSpec


def sources(spec: ServingSpec) -> list[str]:
    """Everything that is loaded at start: the model, its adapters, the draft model."""
    draft = spec.speculation.draft_model if spec.speculation else None
    return [spec.model, *(adapter.source for adapter in spec.adapters), *([draft] if draft else [])]
