"""Who has which address. A cluster has a block of its own, so that several can run on one machine.

The blocks are cut from 198.18.0.0/15, which RFC 2544 sets aside for tests between network devices: no site routes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

BLOCKS = list(IPv4Network("198.18.0.0/15").subnets(new_prefix=20))


@dataclass(frozen=True)
class Addresses:
    slot: int
    """Which of the BLOCKS."""

    @property
    def link(self) -> str:
        """The host's end of the uplink."""
        return f"llmctl{self.slot}"

    @property
    def machines(self) -> IPv4Network:
        """Of the host's end of the uplink, the control plane and the nodes."""
        return self._subnet(0)

    @property
    def services(self) -> IPv4Network:
        return self._subnet(1)

    @property
    def all_pods(self) -> IPv4Network:
        return list(BLOCKS[self.slot].subnets(new_prefix=21))[1]

    def pods(self, node: int) -> IPv4Network:
        """Of one node; nodes count from 1."""
        return self._subnet(8 + node)

    @property
    def host(self) -> IPv4Address:
        return self.machines[1]

    @property
    def control_plane(self) -> IPv4Address:
        return self.machines[2]

    def node(self, node: int) -> IPv4Address:
        return self.machines[10 + node]

    @property
    def api_service(self) -> IPv4Address:
        """The API server takes the first address of the range for the Service `kubernetes`."""
        return self.services[1]

    @property
    def dns_service(self) -> IPv4Address:
        return self.services[10]

    def _subnet(self, number: int) -> IPv4Network:
        return list(BLOCKS[self.slot].subnets(new_prefix=24))[number]
