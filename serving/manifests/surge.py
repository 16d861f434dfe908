"""Whether there is room for one replica more while a model is updated, and what it costs when there is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from llmctl.serving.engines.container import Resources


@dataclass(frozen=True, kw_only=True)
class NodeRoom:
    """A node that takes pods, and what of a resource no pod on it has asked for."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    free: Mapping[str, int] = field(default_factory=dict)
    """Resource name -> whole devices."""


@dataclass(frozen=True, kw_only=True)
class Surge:
    possible: bool
    sentence: str
    """What an update does to the model; empty where it costs nothing."""


def decide(
    name: str,
    resources: Resources,
    node_selector: Mapping[str, str],
    nodes: Iterable[NodeRoom],
    *,
    replicas: int,
    away_seconds: int,
) -> Surge:
    """A replica lies on one node, so its devices must be free on one. On processors there is always room: they are
    shared. `away_seconds`: an old replica's end and a new one's start."""
    resource = resources.gpu_resource
    if resource is None or any(_fits(node, resource, resources.gpus, node_selector) for node in nodes):
        return Surge(possible=True, sentence="")
    return Surge(possible=False, sentence=sentence(name, resource, resources.gpus, replicas, away_seconds))


def sentence(name: str, resource: str, gpus: int, replicas: int, away_seconds: int) -> str:
    """For people, before it happens."""
    lacking = f"no spare {resource}" if gpus == 1 else f"no node has {gpus} spare {resource}"
    if replicas > 1:
        return f"an update of {name} runs with {replicas - 1} of {replicas} replicas, one by one: {lacking}"
    return f"an update of {name} takes it away for up to {away_seconds} s: {lacking}"


def _fits(node: NodeRoom, resource: str, gpus: int, selector: Mapping[str, str]) -> bool:
    return selector.items() <= node.labels.items() and node.free.get(resource, 0) >= gpus
