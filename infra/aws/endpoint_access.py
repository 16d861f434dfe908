"""Who reaches a cluster's API server over the network."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from llmctl.infra.errors import SettingsError

LEAST_PREFIX = 8
"""Of a network that may reach the API server: what is wider is no network that somebody looks after (assumed)."""

INNER = tuple(
    map(
        ipaddress.IPv4Network,
        ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
    )
)
"""RFC 1918, RFC 6598, and what never leaves a machine or a link."""


def public_cidrs(written: Sequence[str]) -> tuple[str, ...]:
    """As they are written, without repetition. Raises SettingsError: no IPv4 network, host bits, or half the world."""
    return tuple(dict.fromkeys(_checked(each) for each in written))


def _checked(text: str) -> str:
    where = f"aws.eks.publicCidrs: {text!r}"
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise SettingsError(f"{where} is no IPv4 network ({error}). Write one such as 203.0.113.0/24.") from None
    if network.prefixlen < LEAST_PREFIX:
        raise SettingsError(
            f"{where} opens the API server to {network.num_addresses:,} addresses. Allowed: /{LEAST_PREFIX} and "
            "smaller. Write the networks of your offices or pipelines, or leave it out and use llmctl connect."
        )
    if any(network.subnet_of(inner) for inner in INNER):
        raise SettingsError(
            f"{where} is a private network, which never comes to the public endpoint. Leave it out: from the VPC and "
            "what is connected to it, the private endpoint answers."
        )
    return str(network)
