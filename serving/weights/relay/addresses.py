"""Where a source may send the relay: the internet, and the kind of network that the source itself is in.

A redirect is somebody else's word. It must not make the relay, which has credentials and egress, ask the cloud's
metadata service or a machine inside the network.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from enum import StrEnum

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16")
)
"""Metadata services, also where they are not link-local: AWS over IPv6, Alibaba Cloud, the wire server of Azure."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address."""


class Kind(StrEnum):
    INTERNET = "the internet"
    INSIDE = "a private network"
    LOOPBACK = "this machine"
    METADATA = "link-local or a metadata service"


def kind_of(address: Address) -> Kind:
    """What an address is, IPv4 addresses inside IPv6 ones taken for what they are."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return kind_of(inner)
    if address in METADATA or address.is_link_local or address.is_multicast or address.is_unspecified:
        return Kind.METADATA
    if address.is_loopback:
        return Kind.LOOPBACK
    return Kind.INTERNET if address.is_global else Kind.INSIDE


def may_be_sent_to(address: Address, source: Collection[Kind]) -> bool:
    """Whether a source whose own addresses are of these kinds may send the relay there."""
    kind = kind_of(address)
    return kind is Kind.INTERNET or (kind is not Kind.METADATA and kind in source)
