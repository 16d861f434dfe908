"""What the nodes have, who holds it, what is free. Pure: nodes and pods in, amounts out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from llmctl.infra.kubernetes.objects import amounts, full_name, holds, labels, name, requests
from llmctl.serving.manifests.spec import Manifest

GPU_RESOURCES = ("nvidia.com/gpu", "amd.com/gpu", "aws.amazon.com/neuron")
"""What the engines' containers ask for (serving/engines/container.py: Resources)."""


@dataclass(frozen=True)
class Node:
    manifest: Manifest
    pods: tuple[Manifest, ...]
    """Those that hold something of it: bound to it, and not ended."""

    @property
    def name(self) -> str:
        return name(self.manifest)

    @property
    def ready(self) -> bool:
        return holds(self.manifest, "Ready")

    @property
    def cordoned(self) -> bool:
        return bool(self.manifest["spec"].get("unschedulable"))

    @cached_property
    def allocatable(self) -> Mapping[str, Decimal]:
        return amounts(self.manifest.get("status", {}).get("allocatable"))

    def holders(self, resource: str) -> list[tuple[str, Decimal]]:
        """namespace/name of each pod that holds some of it, and how much; the greediest first."""
        held = ((full_name(pod), requests(pod).get(resource, Decimal(0))) for pod in self.pods)
        return sorted(((who, amount) for who, amount in held if amount), key=lambda pair: (-pair[1], pair[0]))

    def free(self, resource: str) -> Decimal:
        """Not below zero, which a node whose device plugin lost a GPU would be."""
        held = sum((amount for _, amount in self.holders(resource)), Decimal(0))
        return max(self.allocatable.get(resource, Decimal(0)) - held, Decimal(0))


@dataclass(frozen=True, kw_only=True)
class FreeGpus:
    resource: str
    by_node: Mapping[str, int]
    """Free ones of each node that has any at all, is ready, and takes pods."""

    @property
    def total(self) -> int:
        return sum(self.by_node.values())

    def room_for(self, gpus: int) -> int:
        """How many replicas of so many GPUs fit beside what runs; a replica does not span nodes."""
        return sum(free // gpus for free in self.by_node.values())


def nodes_with_pods(nodes: Iterable[Manifest], pods: Iterable[Manifest]) -> tuple[Node, ...]:
    bound: dict[str, list[Manifest]] = defaultdict(list)
    for pod in pods:
        if pod.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
            bound[pod["spec"].get("nodeName", "")].append(pod)
    return tuple(Node(node, tuple(bound[name(node)])) for node in nodes)


def free_gpus(
    resource: str, selector: Mapping[str, str], nodes: Iterable[Manifest], pods: Iterable[Manifest]
) -> FreeGpus:
    usable = (node for node in nodes_with_pods(nodes, pods) if node.ready and not node.cordoned)
    chosen = (node for node in usable if selector.items() <= labels(node.manifest).items())
    return FreeGpus(
        resource=resource,
        by_node={node.name: int(node.free(resource)) for node in chosen if node.allocatable.get(resource)},
    )
