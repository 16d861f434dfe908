from __future__ import annotations

from ipaddress import IPv4Network
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.infra.aws.subnets import MOST_ZONES, PREFIXES, public_zones, subnets, way_out
from llmctl.infra.aws_settings import Nat

ZONES = tuple(f"eu-west-1{letter}" for letter in "abcdef")
SMALLEST_OF_A_BALANCER = 27

cidrs = st.builds(
    lambda prefix, seed: str(IPv4Network((seed << (32 - prefix) & 0x00FFFFFF | 0x0A000000, prefix))),
    st.sampled_from(PREFIXES),
    st.integers(0, 63),
)
counts = st.integers(2, MOST_ZONES)


def _networks(cidr: str, count: int) -> list[IPv4Network]:
    made = subnets(cidr, ZONES[:count], ZONES[:count])
    return [IPv4Network(zone.private) for zone in made] + [IPv4Network(str(zone.public)) for zone in made]


@given(cidrs, counts)
def test_no_subnet_overlaps_another_or_leaves_the_vpc(cidr: str, count: int) -> None:
    networks = _networks(cidr, count)
    assert all(network.subnet_of(IPv4Network(cidr)) for network in networks)
    assert not any(a.overlaps(b) for i, a in enumerate(networks) for b in networks[:i])


@given(cidrs, counts)
def test_subnets_of_one_kind_lie_side_by_side_without_a_gap(cidr: str, count: int) -> None:
    networks = _networks(cidr, count)
    for kind in (networks[:count], networks[count:]):
        for before, after in pairwise(kind):
            assert int(before.broadcast_address) + 1 == int(after.network_address)


@given(cidrs)
def test_six_zones_fill_the_vpc_but_for_two_public_subnets(cidr: str) -> None:
    networks = _networks(cidr, MOST_ZONES)
    unused = IPv4Network(cidr).num_addresses - sum(network.num_addresses for network in networks)
    assert unused == 2 * networks[-1].num_addresses


@given(cidrs, counts)
def test_private_subnets_are_the_large_ones_and_public_ones_have_room_for_a_balancer(cidr: str, count: int) -> None:
    networks = _networks(cidr, count)
    assert {network.prefixlen for network in networks[:count]} == {IPv4Network(cidr).prefixlen + 3}
    assert all(network.prefixlen <= SMALLEST_OF_A_BALANCER for network in networks[count:])


@given(cidrs, st.integers(2, MOST_ZONES - 1))
def test_no_subnet_moves_when_a_zone_is_appended(cidr: str, count: int) -> None:
    before, after = (subnets(cidr, ZONES[:n], ZONES[:n]) for n in (count, count + 1))
    assert after[:count] == before


@given(cidrs, counts, st.integers(0, MOST_ZONES))
def test_no_subnet_moves_when_public_ones_come(cidr: str, count: int, some: int) -> None:
    for few, all_ in zip(
        subnets(cidr, ZONES[:count], ZONES[:some]), subnets(cidr, ZONES[:count], ZONES[:count]), strict=True
    ):
        assert few.private == all_.private
        assert few.public in (all_.public, None)


@pytest.mark.parametrize(("cidr", "count"), [("10.0.0.0/15", 2), ("10.0.0.0/23", 2), ("10.0.0.0/16", 7)])
def test_what_cannot_be_cut_up_is_refused(cidr: str, count: int) -> None:
    with pytest.raises(ValueError, match="allowed: /16 to /22, over up to 6"):
        subnets(cidr, [f"zone-{number}" for number in range(count)], ())


@pytest.mark.parametrize(
    ("nat", "balancer", "where"),
    [
        (Nat.NONE, False, ()),
        (Nat.NONE, True, ZONES[:3]),
        (Nat.ONE, False, ZONES[:1]),
        (Nat.ONE, True, ZONES[:3]),
        (Nat.PER_ZONE, False, ZONES[:3]),
    ],
)
def test_a_public_subnet_is_where_a_balancer_or_a_nat_gateway_needs_it(
    nat: Nat, balancer: bool, where: tuple[str, ...]
) -> None:
    assert public_zones(ZONES[:3], nat, public_balancer=balancer) == where


@pytest.mark.parametrize(
    ("nat", "through"),
    [
        (Nat.NONE, {}),
        (Nat.ONE, {ZONES[0]: ZONES[0], ZONES[1]: ZONES[0]}),
        (Nat.PER_ZONE, {ZONES[0]: ZONES[0], ZONES[1]: ZONES[1]}),
    ],
)
def test_each_zone_leaves_by_its_own_nat_gateway_or_by_the_only_one(nat: Nat, through: dict[str, str]) -> None:
    assert way_out(ZONES[:2], nat) == through
