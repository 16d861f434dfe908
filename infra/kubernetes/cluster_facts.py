"""ClusterFacts: what a plan has to know of the cluster, read once and before anything is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from llmctl.infra.kubernetes.account import Account, named, of_namespace
from llmctl.infra.kubernetes.capacity import FreeGpus
from llmctl.serving.errors import InvalidWeights
from llmctl.serving.manifests.spec import Features
from llmctl.serving.manifests.weights import CONFIGURATION, FILE
from llmctl.serving.weights.configuration import WeightsConfiguration
from llmctl.serving.weights.spec import Weights


@dataclass(frozen=True, kw_only=True)
class ClusterFacts:
    uid: str
    """Of the namespace kube-system: what a cluster is told by, whatever a context is called."""

    features: Features = Features()
    free_gpus: Mapping[str, FreeGpus] = field(default_factory=dict)
    """By resource (nvidia.com/gpu); of nodes that the stack's selector takes."""

    weights: Mapping[str, Weights] = field(default_factory=dict)
    """By the name of the model's objects: what the last `up` listed, so that it stays what it is."""


def read_cluster(account: Account, namespace: str, resources: frozenset[str], selector: Mapping[str, str]) -> ClusterFacts:
    """Raises ClusterError's kinds."""
    return ClusterFacts(
        uid=account.cluster_uid(),
        features=account.features(),
        free_gpus={resource: account.free_gpus(resource, selector) for resource in sorted(resources)},
        weights=_listed(account, namespace),
    )


def _listed(account: Account, namespace: str) -> Mapping[str, Weights]:
    """Of the relay's ConfigMap. One that somebody changed by hand is as good as none: the files are listed anew."""
    found = account.find(named(of_namespace(namespace, "configmaps"), CONFIGURATION))
    try:
        return WeightsConfiguration.from_json(found["data"][FILE]).models if found else {}
    except (InvalidWeights, KeyError):
        return {}
