"""The relay, the one pod that leaves the cluster, and what brings its files into a replica."""

from __future__ import annotations

from llmctl.serving.manifests.spec import ServedModel, StackSpec
from llmctl.serving.weights.spec import SourceKind

RELAY_PORT = 8080
RELAYED = frozenset({SourceKind.HUB, SourceKind.BUCKET, SourceKind.OCI})
"""Sources on the network. A claim is mounted, and an image has been pulled."""


def relayed(spec: StackSpec) -> tuple[ServedModel, ...]:
    """The models whose weights come through the relay; without any there is none."""
    return tuple(model for model in spec.models if model.weights and model.weights.kind in RELAYED)
