"""A model's Deployment: replicas of one engine, and how they are replaced."""

from __future__ import annotations

from typing import Any

from llmctl.serving.manifests import container, deployment, gpu_check, weights
from llmctl.serving.manifests.autoscaling import autoscaled
from llmctl.serving.manifests.deployment import OLD_FIRST, SURGE, Pod, Rollout
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.spec import Manifest, ServedModel, StackSpec
from llmctl.serving.manifests.startup import MIN_READY_SECONDS, progress_deadline_seconds

NAME = "server"


def model_server(spec: StackSpec, model: ServedModel) -> Manifest:
    rollout = Rollout(
        replicas=None if autoscaled(spec, model) else model.replicas.least,
        strategy=strategy(model),
        min_ready_seconds=MIN_READY_SECONDS,
        progress_deadline_seconds=progress_deadline_seconds(model),
    )
    return deployment.deployment(spec, model.name, Component.MODEL_SERVER, model, rollout, _pod(spec, model))


def strategy(model: ServedModel) -> Manifest:
    return SURGE if model.surge else OLD_FIRST


def _pod(spec: StackSpec, model: ServedModel) -> Pod:
    wanted = model.container
    fetched = weights.is_fetched(model.weights)
    files = [container.mount(weights.FETCHER, model.weights_path)] if fetched else []
    return Pod(
        init_containers=[
            # GPUs first: a sick one is found before an hour's worth of weights has been fetched for it.
            *([gpu_check.init_container(model, model.gpu_check)] if model.gpu_check else []),
            *([weights.fetcher(spec, model)] if fetched else []),
        ],
        containers=[container.container(NAME, wanted, files)],
        volumes=[
            *(container.volume(volume) for volume in wanted.volumes),
            *gpu_check.volumes(model),
            *weights.volumes(model),
        ],
        annotations=weights.content(model),
        grace_seconds=wanted.shutdown.grace_seconds,
        root=wanted.run_as_user is None,
        tolerations=tolerations(model),
        node_selector=model.node_selector,
    )


def tolerations(model: ServedModel) -> list[dict[str, Any]]:
    """Nodes with GPUs are commonly tainted with the resource's name, so that nothing else fills them."""
    asked = [dict(toleration) for toleration in model.tolerations]
    resource = model.container.resources.gpu_resource
    own = {"key": resource, "operator": "Exists", "effect": "NoSchedule"}
    return asked if resource is None or own in asked else [*asked, own]
