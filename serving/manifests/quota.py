"""What a stack may take of the cluster, and before whom."""

from __future__ import annotations

from collections import Counter

from llmctl.serving.manifests import labels
from llmctl.serving.manifests.deployment import priority_class_name
from llmctl.serving.manifests.spec import Manifest, ServedModel, StackSpec

QUOTA = "stack"
PRIORITY = 1000
"""Any value above 0, which pods without a class have, puts these first in the scheduler's queue."""


def resource_quota(spec: StackSpec) -> Manifest:
    """GPUs: no more than the stack's replicas can need, so that what else gets into the namespace gets none. No Service
    that opens a door of its own. Not pods, memory or cores: those that still end are counted too, and a gateway that
    lets its last answers end has an hour."""
    devices: Counter[str] = Counter()
    for model in spec.models:
        if resource := model.container.resources.gpu_resource:
            devices[resource] += most_devices(model)
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": labels.metadata(spec, QUOTA),
        "spec": {
            "hard": {
                "services.loadbalancers": "0",
                "services.nodeports": "0",
                **{f"requests.{resource}": str(count) for resource, count in devices.items()},
            }
        },
    }


def most_devices(model: ServedModel) -> int:
    """The new replicas can all be there while all the old ones still finish their answers: in an update, and where a
    pod is deleted. A quota that lets the new one in only when the old one has gone does so late: its controller counts
    anew after a while, and the ReplicaSet's tries grow rare."""
    return 2 * max(model.replicas.most, 1) * model.container.resources.gpus


def priority_class(spec: StackSpec) -> Manifest:
    """First in the queue for room that is free; nobody else's pod is evicted for it."""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": labels.cluster_metadata(spec, priority_class_name(spec.namespace)),
        "value": PRIORITY,
        "preemptionPolicy": "Never",
        "description": f"Answers to users, of the llmctl stack {spec.stack}.",
    }
