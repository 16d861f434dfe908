"""Where in the VPC each zone's subnets lie.

The VPC's CIDR is cut into eight equal parts. Part i is the private subnet of zone i, for up to six zones: the VPC CNI
gives every pod an address of its node's subnet, so these are the large ones. The last two parts are cut into eight
again; of those, number i is the public subnet of zone i, for a load balancer and a NAT gateway only.

A subnet's place follows from the VPC's CIDR and the zone's position alone. So none moves when a zone is appended, or
when public subnets come or go. A zone put in before others, or taken from before them, does move those after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from llmctl.infra.aws_settings import Nat

MOST_ZONES = 6
PREFIXES = range(16, 23)
"""AWS takes no VPC larger than /16: docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html. Of a /22 the public
subnets are /27, and a load balancer takes none that is smaller:
docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html."""

PART_BITS = 3


@dataclass(frozen=True, kw_only=True)
class ZoneSubnets:
    """CIDRs of one zone."""

    zone: str
    private: str
    public: str | None
    """None: nothing in the stack needs one here."""


def subnets(cidr: str, zones: Sequence[str], public: Sequence[str]) -> tuple[ZoneSubnets, ...]:
    """One for each zone, in their order; `public`: the zones that need a public subnet.

    Raises ValueError for a CIDR or a number of zones that the target's limits refuse.
    """
    vpc = IPv4Network(cidr)
    if vpc.prefixlen not in PREFIXES or not 0 < len(zones) <= MOST_ZONES:
        raise ValueError(f"{cidr} over {len(zones)} zones; allowed: /16 to /22, over up to {MOST_ZONES}")
    parts = list(vpc.subnets(prefixlen_diff=PART_BITS))
    outside = [half for part in parts[MOST_ZONES:] for half in part.subnets(prefixlen_diff=PART_BITS - 1)]
    return tuple(
        ZoneSubnets(zone=zone, private=str(inner), public=str(outer) if zone in public else None)
        for zone, inner, outer in zip(zones, parts, outside, strict=False)
    )


def public_zones(zones: Sequence[str], nat: Nat, *, public_balancer: bool) -> tuple[str, ...]:
    """Where a public subnet is needed: everywhere for a balancer, else where a NAT gateway stands."""
    return tuple(zones) if public_balancer else nat_zones(zones, nat)


def nat_zones(zones: Sequence[str], nat: Nat) -> tuple[str, ...]:
    return {Nat.NONE: (), Nat.ONE: tuple(zones[:1]), Nat.PER_ZONE: tuple(zones)}[nat]


def way_out(zones: Sequence[str], nat: Nat) -> dict[str, str]:
    """By zone, the zone whose NAT gateway its private subnet goes through. Empty: none goes anywhere."""
    gateways = nat_zones(zones, nat)
    return {zone: zone if zone in gateways else gateways[0] for zone in zones} if gateways else {}
