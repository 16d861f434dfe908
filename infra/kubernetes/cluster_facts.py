"""ClusterFacts: what a plan has to know of the cluster, read once and before anything is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from llmctl.infra.kubernetes.account import OCCUPYING, Account, named, of_namespace
from llmctl.infra.kubernetes.capacity import GPU_RESOURCES, Node, nodes_with_pods
from llmctl.infra.kubernetes.objects import labels
from llmctl.serving.errors import InvalidWeights
from llmctl.serving.manifests.spec import Features
from llmctl.serving.manifests.surge import CPU, MEMORY, NodeRoom
from llmctl.serving.manifests.weights import CONFIGURATION, FILE
from llmctl.serving.weights.configuration import WeightsConfiguration
from llmctl.serving.weights.spec import Weights


@dataclass(frozen=True, kw_only=True)
class ClusterFacts:
    uid: str
    """Of the namespace kube-system: what a cluster is told by, whatever a context is called."""

    features: Features = field(default_factory=Features)
    nodes: tuple[NodeRoom, ...] = ()
    """That are ready and take pods, with what pods of others leave of them."""

    weights: Mapping[str, Weights] = field(default_factory=dict)
    """By the name of the model's objects: what the last `up` listed, so that it stays what it is."""


def read_cluster(account: Account, namespace: str) -> ClusterFacts:
    """Raises ClusterError's kinds."""
    others = [
        pod
        for pod in account.list("/api/v1/pods", fieldSelector=OCCUPYING)
        if pod["metadata"]["namespace"] != namespace
    ]
    nodes = nodes_with_pods(account.list("/api/v1/nodes"), others)
    return ClusterFacts(
        uid=account.cluster_uid(),
        features=account.features(),
        nodes=tuple(_room(node) for node in nodes if node.ready and not node.cordoned),
        weights=_listed(account, namespace),
    )


def _room(node: Node) -> NodeRoom:
    free = {resource: int(node.free(resource)) for resource in (*GPU_RESOURCES, MEMORY)}
    free[CPU] = int(1000 * node.free(CPU))
    return NodeRoom(name=node.name, labels=labels(node.manifest), free=free)


def _listed(account: Account, namespace: str) -> Mapping[str, Weights]:
    """Of the relay's ConfigMap. One that somebody changed by hand is as good as none: the files are listed anew."""
    found = account.find(named(of_namespace(namespace, "configmaps"), CONFIGURATION))
    try:
        return WeightsConfiguration.from_json(found["data"][FILE]).models if found else {}
    except (InvalidWeights, KeyError):
        return {}
