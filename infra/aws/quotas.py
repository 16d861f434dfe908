"""What a stack needs of an account's quotas and zones, held against what there is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from llmctl.infra.aws_settings import AwsSettings, Capacity, CapacityKind, Nat, NodePoolSettings
from llmctl.infra.preflight import Finding

VPCS = "VPCs per Region"
ADDRESSES = "EC2-VPC Elastic IPs"
"""Names of docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html; codes come with the answer."""

DEFAULT_ZONES = 3
"""That a network is made over where its settings name none."""


@dataclass(frozen=True, kw_only=True)
class Quota:
    name: str
    service: str
    """Service code, such as ec2."""

    code: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Of one account in one region. What the stack itself uses already is not counted as used."""

    quotas: Mapping[str, Quota]
    """By name."""

    offered: Mapping[str, frozenset[str]]
    """Zones by machine type."""

    vcpus: Mapping[str, int]
    """By machine type; none for one that the region does not know."""

    used_vcpus: Mapping[tuple[str, bool], int]
    """Of running instances, by the letters of their family and whether they are spot instances."""

    vpcs: int
    addresses: int


def findings(settings: AwsSettings, facts: Facts) -> tuple[Finding, ...]:
    """What is missing, and how to ask for it."""
    pools = (each for name, pool in settings.node_pools.items() for each in _pool(settings, name, pool, facts))
    return (*pools, *_network(settings, facts))


def family(machine_type: str) -> str:
    """`g6e.xlarge` is of the family g, `p5en.48xlarge` of p."""
    found = re.match(r"[a-z]+", machine_type)
    return found[0] if found else ""


def vcpu_quota(machine_type: str, spot: bool, quotas: Mapping[str, Quota]) -> Quota | None:
    """The quota that counts the vCPUs of a machine type; None where the account's list has none for it.

    Names: docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html and
    docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-limits.html. A family is one letter there ("G and VT", "P"),
    or, for spot instances of some accounts, its generations ("P4, P3 and P2").
    """
    letter, generation = machine_type[:1].upper(), machine_type[:2].upper()
    shape = r"All (.+) Spot Instance Requests" if spot else r"Running On-Demand (.+) instances"
    named = {name: re.fullmatch(shape, name) for name in quotas}
    words = {name: set(re.findall(r"\w+", found[1])) for name, found in named.items() if found and "(" not in found[1]}
    for wanted in (generation, letter):
        for name, members in words.items():
            if wanted in members:
                return quotas[name]
    return None


def _pool(settings: AwsSettings, name: str, pool: NodePoolSettings, facts: Facts) -> Iterator[Finding]:
    """Only where no way to a node is open does a pool block; else each closed way is told."""
    subject = f"nodePools.{name}"
    closed = [(capacity, found) for capacity in pool.capacity if (found := _closed(settings, capacity, facts, 1))]
    blocked = len(closed) == len(pool.capacity)
    for capacity, (message, fix) in closed:
        yield Finding(subject=subject, message=f"No node of {_words(capacity)}: {message}", fix=fix, blocks=blocked)
    for capacity in pool.capacity:
        few = _closed(settings, capacity, facts, pool.max_nodes)
        if few and capacity not in [each for each, _ in closed]:
            message = f"Not all {pool.max_nodes} nodes of {_words(capacity)}: {few[0]}"
            yield Finding(subject=subject, message=message, fix=few[1], blocks=False)


def _closed(settings: AwsSettings, capacity: Capacity, facts: Facts, nodes: int) -> tuple[str, str] | None:
    """Why so many nodes cannot be had, and what to do."""
    wanted = frozenset(capacity.zones or settings.network.zones)
    offered = facts.offered.get(capacity.machine_type, frozenset())
    if not offered or (wanted and not wanted & offered):
        where = f"in {', '.join(sorted(wanted))}; only in {', '.join(sorted(offered))}" if offered else "in this region"
        return f"it is not offered {where}.", "Name other zones or another machine type."
    if capacity.kind is CapacityKind.RESERVATION:
        return None  # the reservation itself has been counted
    return _short(settings, capacity, facts, nodes)


def _short(settings: AwsSettings, capacity: Capacity, facts: Facts, nodes: int) -> tuple[str, str] | None:
    spot = capacity.kind is CapacityKind.SPOT
    quota = vcpu_quota(capacity.machine_type, spot, facts.quotas)
    if quota is None:
        return None
    needed, used = nodes * facts.vcpus.get(capacity.machine_type, 0), _used(quota, spot, facts)
    if used + needed <= quota.value:
        return None
    message = f'the quota "{quota.name}" is {quota.value:.0f} vCPUs, {used} are used, and {needed} are needed.'
    return message, request(settings, quota, used + needed)


def _used(quota: Quota, spot: bool, facts: Facts) -> int:
    """By all families that share the quota."""
    return sum(
        number
        for (letters, of_spot), number in facts.used_vcpus.items()
        if of_spot is spot and vcpu_quota(letters, spot, facts.quotas) is quota
    )


def _network(settings: AwsSettings, facts: Facts) -> Iterator[Finding]:
    if settings.network.existing is not None or settings.eks.attach is not None:
        return
    zones = len(settings.network.zones) or DEFAULT_ZONES
    addresses = {Nat.NONE: 0, Nat.ONE: 1, Nat.PER_ZONE: zones}[settings.network.nat]
    for name, used, needed in ((VPCS, facts.vpcs, 1), (ADDRESSES, facts.addresses, addresses)):
        quota = facts.quotas.get(name)
        if quota is not None and needed and used + needed > quota.value:
            message = f'The quota "{name}" is {quota.value:.0f}, {used} are used, and {needed} more are needed.'
            yield Finding(subject="network", message=message, fix=request(settings, quota, used + needed), blocks=True)


def request(settings: AwsSettings, quota: Quota, value: float) -> str:
    """The command that asks AWS for more."""
    profile = f" --profile {settings.profile}" if settings.profile else ""
    return (
        f"aws service-quotas request-service-quota-increase --service-code {quota.service} --quota-code {quota.code} "
        f"--desired-value {value:.0f} --region {settings.region}{profile}"
    )


def _words(capacity: Capacity) -> str:
    return f"{capacity.machine_type} ({capacity.kind})"
