"""What a plan takes for granted of a cluster whose nodes come only when a pod waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from llmctl.infra.aws.node_groups import NodeGroup
from llmctl.infra.aws.pool_labels import GPU_RESOURCE
from llmctl.serving.hardware.machine_type import Cloud, MachineType
from llmctl.serving.manifests.surge import CPU, MEMORY, NodeRoom

MOST_PODS = 250
RESERVED = (255 + 11 * MOST_PODS + 100) * (1 << 20)
"""Bytes of a node that are not for pods: what nodeadm reserves for kubelet and containerd by the number of pods
(awslabs/amazon-eks-ami, nodeadm), and kubelet's hard eviction at 100 MiB."""


def planned_nodes(groups: Iterable[NodeGroup], machines: Iterable[MachineType]) -> tuple[NodeRoom, ...]:
    """As many as the groups may come to. One whose machine type is not known to have GPUs counts for none."""
    known = {each.name: each for each in machines if each.cloud is Cloud.AWS}
    return tuple(node for group in groups if group.machine_type in known for node in _nodes(group, known))


def _nodes(group: NodeGroup, known: dict[str, MachineType]) -> Iterator[NodeRoom]:
    machine = known[group.machine_type]
    free = {GPU_RESOURCE: machine.gpus, CPU: int(1000 * machine.vcpus), MEMORY: machine.memory - RESERVED}
    for number in range(1, group.most + 1):
        yield NodeRoom(name=f"{group.name}-{number}", labels=group.labels, free=free)
