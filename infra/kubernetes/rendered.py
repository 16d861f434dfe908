"""What `llmctl render` prints: the objects of a stack as text, and what should be known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from llmctl.infra.kubernetes.decide import decide
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.manifests.accounts import HUB_TOKEN_SECRET
from llmctl.serving.manifests.render import render


@dataclass(frozen=True, kw_only=True)
class Rendered:
    text: str
    notes: tuple[str, ...]


def rendered(settings: StackSettings, context: StackContext, environ: Mapping[str, str]) -> Rendered:
    """Asks the cluster as `up` does: what it has decides what the objects are. Raises what `decide` raises."""
    _, decided = decide(settings, context, environ)
    notes = [*(f"Chosen: {choice}" for choice in decided.choices), *decided.notes]
    if "hubToken" in context.secrets:
        notes.append(f"the Secret {HUB_TOKEN_SECRET} is not in it: its value stands nowhere but in Pulumi's state")
    return Rendered(text=render(decided.spec), notes=tuple(notes))
