"""What the models of a stack ask of nodes, and where their pods then go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from llmctl.infra.aws.pool_labels import PROCESSOR, selector
from llmctl.infra.aws.pool_order import Demand
from llmctl.infra.serving_spec import Placement
from llmctl.serving.manifests.spec import ServedModel

MOST_MORE = 1
"""Of a model during an update."""


def accelerators_of(where: Placement) -> str:
    """`l4:1`, or `cpu`: the name of the pool."""
    return f"{where.accelerator.name}:{where.gpus}" if where.accelerator else PROCESSOR


def pool_selector(where: Placement) -> Mapping[str, str]:
    """Labels of the nodes that a model's pods go to."""
    return selector(accelerators_of(where))


def demands(models: Iterable[ServedModel], pools: Mapping[str, str]) -> tuple[Demand, ...]:
    """`pools`: name of a model -> the accelerators of its pool."""
    return tuple(_demand(model, pools[model.name]) for model in models)


def _demand(model: ServedModel, accelerators: str) -> Demand:
    wanted = model.container.resources
    return Demand(
        accelerators=accelerators,
        replicas=model.replicas.most + MOST_MORE,
        memory=wanted.memory,
        disk=wanted.disk,
        cpus=wanted.cpus,
    )
