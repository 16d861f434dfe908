"""How long things may take: a replica's start, an update, and the patience of whoever waits for them."""

from __future__ import annotations

from llmctl.serving.manifests.spec import ServedModel

MIN_READY_SECONDS = 10
"""A new replica counts, and an old one goes, only when the gateways have had time to find the new one: they ask DNS
for ready replicas, then check them."""


def progress_deadline_seconds(model: ServedModel) -> int:
    """Seconds without progress after which an update counts as failed: an old replica's end, then a new one's start."""
    return model.container.shutdown.grace_seconds + model.startup_seconds + MIN_READY_SECONDS
