"""What a plan takes for granted of a cluster that is not there yet: the nodes that its pools may come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from llmctl.infra.kubernetes.cluster_facts import ClusterFacts
from llmctl.serving.hardware.machine_type import MachineType
from llmctl.serving.manifests.surge import CPU, MEMORY, NodeRoom
from llmctl.serving.weights.spec import Weights

GPU = "nvidia.com/gpu"
MOST_PODS = 250
RESERVED = (255 + 11 * MOST_PODS + 100) * (1 << 20)
"""Bytes of a node that are not for pods: what nodeadm reserves for kubelet and containerd by the number of pods
(awslabs/amazon-eks-ami, nodeadm), and kubelet's hard eviction at 100 MiB."""


def planned_cluster(uid: str, pools: Iterable[tuple[MachineType, int]], weights: Mapping[str, Weights]) -> ClusterFacts:
    """`pools`: machine types, each with the most nodes that there may be of it."""
    return ClusterFacts(uid=uid, nodes=tuple(node for pool in pools for node in _nodes(*pool)), weights=weights)


def _nodes(machine: MachineType, most: int) -> Iterator[NodeRoom]:
    free = {GPU: machine.gpus, CPU: int(1000 * machine.vcpus), MEMORY: machine.memory - RESERVED}
    yield from (NodeRoom(name=f"{machine.name}-{number}", free=free) for number in range(1, most + 1))
