"""Why a deployment did not come up: the cause and the fix, in place of a time-out."""

from __future__ import annotations

from llmctl.infra.errors import ClusterError
from llmctl.infra.kubernetes.why import why
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


def explain(settings: StackSettings, context: StackContext) -> str | None:
    """None where nothing is wrong, or the cluster cannot be asked."""
    try:
        diagnosis = why(settings, context)
    except ClusterError:
        return None
    return f"{diagnosis.sentence} {diagnosis.fix}" if diagnosis.wrong else None
