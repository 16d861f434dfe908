"""What a stack file may ask for and the AWS target cannot do: it is told before anything is started."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from llmctl.infra.aws_settings import AwsSettings, CapacityKind
from llmctl.infra.kubernetes.limits import LAPTOP_ONLY
from llmctl.infra.kubernetes.limits import models as models_of_a_cluster
from llmctl.infra.settings import StackSettings
from llmctl.infra.stack_file import Location

FEWEST_ZONES, MOST_ZONES = 2, 6
"""EKS wants subnets in two zones; no region has more than six."""

PREFIXES = range(16, 23)
"""Of the VPC's CIDR: AWS takes no larger one, and below 1,024 addresses six zones have no room for pods."""


def limits(settings: StackSettings) -> Iterator[tuple[Location, str]]:
    """Each setting that cannot be had, with the reason."""
    if settings.aws is None:
        yield ("aws",), "is missing; allowed: a map with at least region, account and owner"
    else:
        yield from ((("aws", *where), reason) for where, reason in _of_the_account(settings.aws))
    if settings.cluster is None:
        yield ("cluster",), "is missing; allowed: a map with at least serverImage"
    else:
        for key in ("context", "kubeconfig"):
            if getattr(settings.cluster, key) is not None:
                yield (
                    ("cluster", key),
                    "the aws target makes its own cluster; take it out, or see llmctl:aws.eks.attach",
                )
    for name in LAPTOP_ONLY:
        if getattr(settings, name) != StackSettings.model_fields[name].default:
            yield (name,), "is of a server on this machine; take it out, or see llmctl:aws.loadBalancer"
    yield from models_of_a_cluster(settings)


def _of_the_account(aws: AwsSettings) -> Iterator[tuple[Location, str]]:
    yield from ((("network", *where), reason) for where, reason in _of_the_network(aws))
    for number, cidr in enumerate(aws.eks.public_cidrs):
        if (network := _network(cidr)) is None:
            yield (
                ("eks", "publicCidrs"),
                f"{cidr!r} (no. {number + 1}) is no IPv4 network; allowed: such as 192.0.2.0/24",
            )
        elif network.prefixlen == 0:
            yield ("eks", "publicCidrs"), "0.0.0.0/0 would open the API server to everybody; name your own networks"
    for pool, wanted in aws.node_pools.items():
        for each in wanted.capacity:
            if (each.kind is CapacityKind.RESERVATION) != (each.reservation is not None):
                yield ("nodePools", pool), f"{each.machine_type}: kind reservation and a reservation's id go together"
    balancer = aws.load_balancer
    if balancer and balancer.certificate is None and balancer.hosted_zone is None:
        yield ("loadBalancer",), "needs certificate, or hostedZone in which the proof for a new one is written"
    if balancer and balancer.public and aws.network.existing and not aws.network.existing.public_subnets:
        yield ("network", "existing", "publicSubnets"), "is missing; a public load balancer needs at least two"


def _of_the_network(aws: AwsSettings) -> Iterator[tuple[Location, str]]:
    network, zones = _network(aws.network.cidr), aws.network.zones
    if network is None or network.prefixlen not in PREFIXES or not network.is_private:
        yield ("cidr",), f"{aws.network.cidr!r}; allowed: a private IPv4 network from /16 to /22, such as 10.64.0.0/16"
    if zones and not FEWEST_ZONES <= len(zones) <= MOST_ZONES:
        yield ("zones",), f"{len(zones)} are named; allowed: {FEWEST_ZONES} to {MOST_ZONES}"
    for zone in zones:
        if not zone.startswith(aws.region) or zone == aws.region:
            yield ("zones",), f"{zone!r} is no zone of {aws.region}; allowed: such as {aws.region}a"
    if len(set(zones)) != len(zones):
        yield ("zones",), "name each zone once"


def _network(text: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        return None
