"""What is found out of an account before anything is made in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from doubles.aws_answers import WithQuotas
from drivers.aws_account import REGION, SETTINGS, aws_account
from hypothesis import given
from hypothesis import strategies as some

from llmctl.infra.aws.account import Account
from llmctl.infra.aws.endpoint_reach import unreachable
from llmctl.infra.aws.preflight import judged, vpc_cidrs
from llmctl.infra.aws.quotas import Facts, Quota, findings, vcpu_quota
from llmctl.infra.aws_settings import (
    AwsSettings,
    Capacity,
    CapacityKind,
    EksSettings,
    ExistingVpc,
    Nat,
    NetworkSettings,
    NodePoolSettings,
)
from llmctl.infra.errors import Refused
from llmctl.infra.preflight import refuse_blocked

G, G_SPOT, P = (
    "Running On-Demand G and VT instances",
    "All G and VT Spot Instance Requests",
    "Running On-Demand P instances",
)
NAMES = (
    G, G_SPOT, P, "All P4, P3 and P2 Spot Instance Requests", "All P5 Spot Instance Requests",
    "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", "Running On-Demand High Memory instances",
)  # fmt: skip
QUOTAS = {name: Quota(name=name, service="ec2", code="L-1", value=64) for name in NAMES}
PUBLIC = EksSettings(publicCidrs=("198.51.100.7/32",))


def stack(*capacity: Capacity, max_nodes: int = 1, network: NetworkSettings | None = None) -> AwsSettings:
    pools = {"l4:1": NodePoolSettings(capacity=capacity, maxNodes=max_nodes)} if capacity else {}
    update = {"node_pools": pools, "eks": PUBLIC, "network": network or NetworkSettings()}
    return SETTINGS.model_copy(update=update)


def facts(used: int = 0, value: float = 64, zones: tuple[str, ...] = ("a", "b")) -> Facts:
    return Facts(
        quotas={name: Quota(name=name, service="ec2", code="L-1", value=value) for name in NAMES},
        offered={"g6.2xlarge": frozenset(zones), "g5.xlarge": frozenset(zones)},
        vcpus={"g6.2xlarge": 8, "g5.xlarge": 4},
        used_vcpus={("g", False): used},
        vpcs=0,
        addresses=0,
    )


ON_DEMAND = Capacity(machineType="g6.2xlarge")
SPOT = Capacity(machineType="g6.2xlarge", kind=CapacityKind.SPOT)


@pytest.mark.parametrize(
    ("machine_type", "spot", "name"),
    [
        ("g6.2xlarge", False, G),
        ("gr6.4xlarge", False, G),
        ("g5g.xlarge", True, G_SPOT),
        ("p5.48xlarge", False, P),
        ("p5en.48xlarge", True, "All P5 Spot Instance Requests"),
        ("p4d.24xlarge", True, "All P4, P3 and P2 Spot Instance Requests"),
        ("p6-b200.48xlarge", True, None),
    ],
)
def test_a_machine_type_counts_against_the_quota_of_its_family(machine_type: str, spot: bool, name: str | None) -> None:
    found = vcpu_quota(machine_type, spot, QUOTAS)
    assert (found.name if found else None) == name


def test_a_pool_that_fits_has_no_finding() -> None:
    assert findings(stack(ON_DEMAND, max_nodes=8), facts()) == ()


def test_a_quota_that_allows_no_node_at_all_blocks_and_says_how_to_ask_for_more() -> None:
    (finding,) = findings(stack(ON_DEMAND), facts(used=60))
    assert finding.blocks
    assert finding.message == (
        'No node of g6.2xlarge (on-demand): the quota "Running On-Demand G and VT instances" is 64 vCPUs, 60 are used, '
        "and 8 are needed."
    )
    assert finding.fix == (
        "aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-1 --desired-value 68 "
        "--region eu-central-1"
    )


def test_a_fallback_that_can_be_had_keeps_a_pool_from_blocking() -> None:
    (finding,) = findings(stack(ON_DEMAND, SPOT), facts(used=64))
    assert (finding.blocks, "on-demand" in finding.message) == (False, True)


def test_fewer_nodes_than_written_are_told_and_do_not_block() -> None:
    (finding,) = findings(stack(ON_DEMAND, max_nodes=9), facts())
    assert (finding.blocks, finding.message.startswith("Not all 9 nodes")) == (False, True)


def test_a_type_that_is_not_offered_in_the_zones_blocks() -> None:
    (finding,) = findings(stack(Capacity(machineType="g6.2xlarge", zones=("c",))), facts())
    assert finding.blocks
    assert "not offered in c; only in a, b" in finding.message
    (finding,) = findings(stack(Capacity(machineType="p5.48xlarge")), facts())
    assert "not offered in this region" in finding.message


def test_a_reservation_is_counted_already() -> None:
    reserved = Capacity(
        machineType="g6.2xlarge",
        kind=CapacityKind.RESERVATION,
        reservation="cr-0123456789abcdef0",
        zones=("a",),
    )
    assert findings(stack(reserved), facts(used=64)) == ()


@given(used=some.integers(0, 200), value=some.integers(0, 200), nodes=some.integers(1, 20))
def test_what_is_asked_for_is_enough_and_no_more(used: int, value: int, nodes: int) -> None:
    for finding in findings(stack(ON_DEMAND, max_nodes=nodes), facts(used=used, value=value)):
        asked = int(finding.fix.split("--desired-value ")[1].split()[0])
        assert asked in (used + 8, used + 8 * nodes)
        assert asked > value


@pytest.fixture
def account() -> Iterator[Account]:
    with aws_account() as found:
        yield found


def test_an_account_is_read_with_what_runs_in_it(account: Account) -> None:
    image = account.ask("ec2", "describe_images")["Images"][0]["ImageId"]
    run = {"ImageId": image, "InstanceType": "g5.xlarge", "MinCount": 1, "MaxCount": 1}
    account.ask("ec2", "run_instances", **run)
    own = [{"ResourceType": "instance", "Tags": [{"Key": "llmctl:stack", "Value": "dev"}]}]
    account.ask("ec2", "run_instances", **run, TagSpecifications=own)
    settings = stack(Capacity(machineType="g5.xlarge"))
    (finding,) = judged(settings, WithQuotas(account, {G: 4}), "dev", ())
    assert "is 4 vCPUs, 4 are used, and 4 are needed" in finding.message, "its own instance is not counted"
    assert judged(settings, WithQuotas(account, {G: 8}), "dev", ()) == ()


def test_a_type_that_no_region_knows_is_not_offered(account: Account) -> None:
    (finding,) = judged(stack(Capacity(machineType="g99.xlarge")), WithQuotas(account, {}), "dev", ())
    assert "not offered in this region" in finding.message


def test_a_network_needs_room_for_its_vpc_and_its_addresses(account: Account) -> None:
    account.ask("ec2", "allocate_address", Domain="vpc")
    quotas = {"VPCs per Region": 1, "EC2-VPC Elastic IPs": 3}
    per_zone = NetworkSettings(nat=Nat.PER_ZONE)
    vpcs, addresses = judged(stack(network=per_zone), WithQuotas(account, quotas), "dev", ())
    assert (vpcs.blocks, addresses.blocks) == (True, True)
    assert '"EC2-VPC Elastic IPs" is 3, 1 are used, and 3 more are needed' in addresses.message
    given_vpc = ExistingVpc(vpcId="vpc-01234567", privateSubnets=("a", "b"))
    assert judged(stack(network=NetworkSettings(existing=given_vpc)), WithQuotas(account, quotas), "dev", ()) == ()


def test_a_private_api_server_in_a_new_vpc_cannot_be_reached_from_here() -> None:
    (finding,) = unreachable(SETTINGS, (), ("10.0.0.7",))
    assert finding.blocks
    assert list(unreachable(SETTINGS.model_copy(update={"eks": PUBLIC}), (), ())) == []


def test_a_machine_in_the_vpc_reaches_it(account: Account) -> None:
    vpc = account.ask("ec2", "create_vpc", CidrBlock="10.64.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "llmctl:stack", "Value": "dev"}]}])  # fmt: skip
    assert vpc_cidrs(SETTINGS, account, "dev") == (vpc["Vpc"]["CidrBlock"],)
    assert list(unreachable(SETTINGS, ("10.64.0.0/16",), ("127.0.0.1", "10.64.3.9"))) == []


def test_into_a_vpc_that_is_there_a_vpn_may_lead() -> None:
    network = NetworkSettings(existing=ExistingVpc(vpcId="vpc-01234567", privateSubnets=("a", "b")))
    (finding,) = unreachable(SETTINGS.model_copy(update={"network": network}), ("10.64.0.0/16",), ("192.0.2.1",))
    assert not finding.blocks
    assert REGION not in finding.fix


def test_what_blocks_is_refused_by_subject_and_the_rest_passes() -> None:
    found = findings(stack(ON_DEMAND, SPOT), facts(used=64))
    refuse_blocked(found, "dev")
    with pytest.raises(Refused, match=r"dev cannot come up like this \(nodePools\.l4:1\)"):
        refuse_blocked(findings(stack(ON_DEMAND), facts(used=64)), "dev")
