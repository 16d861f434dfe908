"""What one of n gateways holds: each its n-th part, since they do not talk to each other."""

from __future__ import annotations

from llmctl.serving.gateway.spec import GatewaySpec, RoutedModel


def _part(whole: int, gateways: int) -> int:
    """Rounded up: rounded down, slots would stay idle for ever. The engine queues the few that this is too many."""
    return -(-whole // gateways)


def slots(spec: GatewaySpec, model: RoutedModel) -> int:
    """Requests of one replica at the same time."""
    return _part(model.slots, spec.gateways)


def with_lent(spec: GatewaySpec, model: RoutedModel) -> int:
    """Requests of one replica at the same time, with lent ones (affinity.lua).

    All its slots, and never so many that the gateways together meet its own limit, at which it refuses.
    """
    return max(slots(spec, model), min(model.slots, model.accepts // spec.gateways))


def queue(spec: GatewaySpec) -> int:
    """Waiting requests of a model."""
    return _part(spec.queue_length, spec.gateways)


def places(model: RoutedModel) -> int:
    """Addresses that a backend has room for. Twice the replicas: an update has old and new ones side by side."""
    return 2 * model.max_replicas


def requests(spec: GatewaySpec) -> int:
    """Of one gateway, all that work and all that wait."""
    working = sum(slots(spec, model) * model.max_replicas for model in spec.models)
    return working + queue(spec) * len(spec.models)


def connections(spec: GatewaySpec) -> int:
    """Clients of one gateway: all that work, all that wait, and as many again that are idle or being refused.

    At least 1,000, so that refusing costs nobody the connection. HAProxy needs two files for each.
    """
    return max(1_000, 2 * requests(spec))
