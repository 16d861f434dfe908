"""What a stack may take of the cluster, and before whom."""

from __future__ import annotations

from llmctl.serving.manifests import labels
from llmctl.serving.manifests.deployment import priority_class_name
from llmctl.serving.manifests.spec import Manifest, StackSpec

PRIORITY = 1000
"""Any value above 0, which pods without a class have, puts these first in the scheduler's queue."""


def priority_class(spec: StackSpec) -> Manifest:
    """First in the queue for room that is free; nobody else's pod is evicted for it."""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": labels.cluster_metadata(spec, priority_class_name(spec)),
        "value": PRIORITY,
        "preemptionPolicy": "Never",
        "description": f"Answers to users, of the llmctl stack {spec.stack}.",
    }
