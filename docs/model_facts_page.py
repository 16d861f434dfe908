"""The page docs/model-facts.md: its written part as it is, and below that the catalogue."""

from __future__ import annotations

from pathlib import Path

from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.facts import ModelFacts

PAGE = Path(__file__).with_name("model-facts.md")
CATALOGUE = "## The catalogue"
"""The heading below which everything is written from serving/models/catalogue.json."""

HEAD = "| model | class | parameters (active) | weights | cache per token | context |"


def page() -> str:
    written = PAGE.read_text(encoding="utf-8").partition(CATALOGUE)[0]
    rows = "\n".join(_row(facts) for facts in catalogue().values())
    sources = "\n".join(f"- `{facts.id}` ({facts.read_on}): {facts.source}" for facts in catalogue().values())
    return f"{written}{CATALOGUE}\n\n{HEAD}\n{'| --- ' * 6}|\n{rows}\n\n## Sources\n\n{sources}\n"


def _row(facts: ModelFacts) -> str:
    active = f" ({facts.active_parameters / 1e9:.1f} B)" if facts.experts else ""
    how = facts.quantization
    stored = f"{how.method}, {how.bits:g} bits" if how else facts.dtype
    return (
        f"| `{facts.id}` | {facts.model_type} | {facts.parameters / 1e9:.2f} B{active} "
        f"| {facts.weight_bytes / 1e9:.1f} GB ({stored}) | {_cache(facts)} | {facts.max_context:,} |"
    )


def _cache(facts: ModelFacts) -> str:
    numbers = facts.latent_attention.width if facts.latent_attention else 2 * facts.kv_heads * facts.head_dim
    text = f"{numbers:,} numbers in {facts.kv_layers} of {facts.layers} layers"
    if facts.window_layers:
        text += f", {facts.window_layers} with a window of {facts.sliding_window:,}"
    if facts.window_kv_heads and facts.window_head_dim:
        text += f" and {2 * facts.window_kv_heads * facts.window_head_dim:,} numbers"
    return text
