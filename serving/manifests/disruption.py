"""How many pods of one kind a drain may take away at a time: one."""

from __future__ import annotations

from llmctl.serving.manifests import labels
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.spec import Manifest, ServedModel, StackSpec


def disruption_budgets(spec: StackSpec) -> tuple[Manifest, ...]:
    """For what has more than one pod: with a single one a budget either means nothing or stops every drain."""
    gateway = (_budget(spec, Component.GATEWAY.value, Component.GATEWAY, None),) if spec.gateway.gateways > 1 else ()
    several = (model for model in spec.models if model.replicas.most > 1)
    return (*gateway, *(_budget(spec, model.name, Component.MODEL_SERVER, model) for model in several))


def _budget(spec: StackSpec, name: str, component: Component, model: ServedModel | None) -> Manifest:
    """A pod that is not ready does not hold a drain up (AlwaysAllow): it serves nobody."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": labels.metadata(spec, name, component, model),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": labels.selector(component, model)},
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }
