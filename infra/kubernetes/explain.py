"""Why a deployment did not come up."""

from __future__ import annotations

from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


def explain(settings: StackSettings, context: StackContext) -> str | None:
    return None
