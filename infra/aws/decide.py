"""What a stack's settings mean in its account: what runs in the cluster, and the nodes that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from llmctl.infra.aws.demands import accelerators_of, demands
from llmctl.infra.aws.guard import aws_of
from llmctl.infra.aws.node_groups import SYSTEM_MACHINE, NodeGroup, Offers, node_groups
from llmctl.infra.aws.planned_cluster import planned_nodes
from llmctl.infra.aws.pool_labels import selector
from llmctl.infra.aws.pool_order import Pools, pools
from llmctl.infra.kubernetes.cluster_facts import ClusterFacts
from llmctl.infra.kubernetes.stack_spec import Decided, Outside, stack_spec
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.hardware.machine_types import machine_types

Offered = Callable[[Iterable[str]], Mapping[str, frozenset[str]]]
"""Machine types -> each with the zones of the region that offer it."""


@dataclass(frozen=True, kw_only=True)
class DecidedInAccount:
    inside: Decided
    groups: tuple[NodeGroup, ...]
    choices: tuple[str, ...]


def decide(
    settings: StackSettings,
    context: StackContext,
    there: ClusterFacts,
    outside: Outside,
    zones: tuple[str, ...],
    offered: Offered,
) -> DecidedInAccount:
    """Twice: the models' pods decide which nodes there can be, and those whether an update has room for one more.

    there: what is known of the cluster; its nodes come and go, and are not asked. Raises SettingsError, and
    stack_spec's.
    """
    outside = replace(outside, pool_labels=lambda where: selector(accelerators_of(where)))
    first = stack_spec(settings, context, replace(there, nodes=()), outside)
    wanted = _pools(settings, first)
    asked = offered([SYSTEM_MACHINE, *(way.machine_type for pool in wanted.pools for way in pool.ways)])
    groups = node_groups(wanted.pools, machine_types(), Offers(zones=zones, offered=asked))
    nodes = planned_nodes(groups, machine_types())
    inside = stack_spec(settings, context, replace(there, nodes=nodes), outside)
    return DecidedInAccount(inside=inside, groups=groups, choices=(*inside.choices, *wanted.choices))


def _pools(settings: StackSettings, decided: Decided) -> Pools:
    aws = aws_of(settings)
    placed = [(decided.placements[model.name], model) for model in decided.spec.models]
    return pools(aws.node_pools, demands(placed), machine_types(), aws.region)
