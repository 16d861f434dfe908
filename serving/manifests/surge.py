"""Whether there is room for one replica more while a model is updated, and what it costs when there is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from llmctl.serving.engines.container import Resources

CPU = "cpu"
MEMORY = "memory"
GIB = 1 << 30

Amounts = Mapping[str, int]
"""Resource -> whole devices; of `cpu` thousandths of a core, of `memory` bytes."""


@dataclass(frozen=True, kw_only=True)
class NodeRoom:
    """A node that takes pods, and what of it nobody but this stack has asked for."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    free: Amounts = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a Deployment of the stack has asked for, or will."""

    replicas: int
    resources: Resources
    node_selector: Mapping[str, str] = field(default_factory=dict)

    @property
    def amounts(self) -> Amounts:
        """Of one replica."""
        wanted = self.resources
        devices = {wanted.gpu_resource: wanted.gpus} if wanted.gpu_resource else {}
        return {**devices, CPU: int(1000 * wanted.cpus), MEMORY: wanted.memory}


def beside(needs: Iterable[Need], nodes: Iterable[NodeRoom]) -> tuple[NodeRoom, ...]:
    """What is left of the nodes when all replicas lie on them, each on the first that has room, the widest first.

    One that fits nowhere takes nothing: whoever brings a node for it brings it then.
    """
    rooms = list(nodes)
    for need in sorted(needs, key=lambda need: (-need.resources.gpus, -need.resources.memory)):
        for _ in range(need.replicas):
            at = next((i for i, room in enumerate(rooms) if _fits(room, need)), None)
            if at is not None:
                rooms[at] = _less(rooms[at], need)
    return tuple(rooms)


def possible(need: Need, rest: Iterable[NodeRoom]) -> bool:
    """Whether one replica more finds a node; it does not span two."""
    return any(_fits(room, need) for room in rest)


def lacking(name: str, need: Need, startup_seconds: int, rooms: Iterable[NodeRoom]) -> str | None:
    """For people, before it happens: no node has a device of this kind that is not held by others. No refusal, since an
    autoscaler adds a node only when a pod waits for it."""
    resource, gpus = need.resources.gpu_resource, need.resources.gpus
    there = (room for room in rooms if need.node_selector.items() <= room.labels.items())
    if resource is None or any(room.free.get(resource, 0) >= gpus for room in there):
        return None
    return f"no node has {gpus} free {resource}: {name} starts only if one comes within {startup_seconds} s"


def sentence(name: str, resources: Resources, replicas: int, away_seconds: int) -> str:
    """For people, before it happens. `away_seconds`: an old replica's end and a new one's start."""
    devices = f"{resources.gpus} {resources.gpu_resource}, " if resources.gpu_resource else ""
    cores = f"{resources.cpus:g} core" + ("" if resources.cpus == 1 else "s")
    lacking = f"no node has room for one more ({devices}{cores}, {resources.memory / GIB:.1f} GiB)"
    if replicas > 1:
        return f"an update of {name} runs with {replicas - 1} of {replicas} replicas, one by one: {lacking}"
    return f"an update of {name} takes it away for up to {away_seconds} s: {lacking}"


def _fits(room: NodeRoom, need: Need) -> bool:
    enough = all(room.free.get(resource, 0) >= amount for resource, amount in need.amounts.items())
    return enough and need.node_selector.items() <= room.labels.items()


def _less(room: NodeRoom, need: Need) -> NodeRoom:
    taken = need.amounts
    return replace(room, free={resource: free - taken.get(resource, 0) for resource, free in room.free.items()})
