"""What the models of a stack ask of their nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from llmctl.infra.aws.pool_labels import PROCESSOR
from llmctl.infra.aws.pool_order import Demand
from llmctl.infra.serving_spec import Placement
from llmctl.serving.manifests.spec import ServedModel


def accelerators_of(where: Placement) -> str:
    """`l4:1`, or `cpu`: the pool that a replica's nodes are of."""
    return f"{where.accelerator.name}:{where.gpus}" if where.accelerator else PROCESSOR


def demands(models: Iterable[tuple[Placement, ServedModel]]) -> Sequence[Demand]:
    return tuple(_demand(where, model) for where, model in models)


def _demand(where: Placement, model: ServedModel) -> Demand:
    """One replica more than there may be: an update brings the new one before the old one goes."""
    needs = model.container.resources
    return Demand(
        accelerators=accelerators_of(where),
        replicas=model.replicas.most + 1,
        memory=needs.memory,
        disk=needs.disk,
        cpus=needs.cpus,
    )
