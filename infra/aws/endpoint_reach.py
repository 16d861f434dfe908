"""Will this machine reach the API server that a stack is about to get? Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator

from llmctl.infra.aws_settings import AwsSettings
from llmctl.infra.preflight import Finding

WAYS = "Run llmctl on a machine in the VPC, or write this machine's public address into llmctl:aws.eks.publicCidrs."


def unreachable(settings: AwsSettings, vpc_cidrs: Collection[str], own_addresses: Collection[str]) -> Iterator[Finding]:
    """`vpc_cidrs`: of the VPC that is there already; none for one that is made.

    Into a VPC that does not exist yet there is no way from anywhere, so that is certain. Into one that does, a VPN may
    lead that nothing here shows.
    """
    if settings.eks.public_cidrs or settings.eks.attach is not None:
        return
    networks = [ipaddress.ip_network(cidr) for cidr in vpc_cidrs]
    if any(ipaddress.ip_address(address) in network for address in own_addresses for network in networks):
        return
    if settings.network.existing is None:
        message = "The API server is private, in a VPC that is only made now: this machine cannot reach it."
        yield Finding(subject="eks.publicCidrs", message=message, fix=WAYS, blocks=True)
    else:
        message = f"The API server is private, and no address of this machine is in {', '.join(vpc_cidrs)}."
        yield Finding(subject="eks.publicCidrs", message=message, fix=f"A VPN must lead there. {WAYS}", blocks=False)
