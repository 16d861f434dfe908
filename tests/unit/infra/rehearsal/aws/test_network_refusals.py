from __future__ import annotations

import pytest
from doubles.cloud_world import REGION, Case, create, there
from drivers.refusals import assert_all_have_a_case, assert_told_apart

from llmctl.infra.rehearsal.aws.refusals import network
from llmctl.infra.rehearsal.cloud.request import Existing, Request

VPC = there(network.VPC, "vpc-1", cidrBlock="10.0.0.0/16", enableDnsSupport=True, enableDnsHostnames=True)
GATEWAY = there(network.INTERNET_GATEWAY, "igw-1", vpcId="vpc-1")
SUBNET_A = there(network.SUBNET, "subnet-a", vpcId="vpc-1", cidrBlock="10.0.0.0/20", availabilityZone="eu-central-1a")
SUBNET_A2 = there(
    network.SUBNET, "subnet-a2", vpcId="vpc-1", cidrBlock="10.0.16.0/20", availabilityZone="eu-central-1a"
)
SUBNET_B = there(network.SUBNET, "subnet-b", vpcId="vpc-1", cidrBlock="10.0.32.0/20", availabilityZone="eu-central-1b")
STS = {"vpcId": "vpc-1", "serviceName": "com.amazonaws.eu-central-1.sts", "vpcEndpointType": "Interface"}
STS_IS_THERE = there(network.ENDPOINT, "vpce-1", **STS, privateDnsEnabled=True)


def subnet(cidr: str, *, zone: str = "eu-central-1c") -> Request:
    return create(network.SUBNET, vpcId="vpc-1", cidrBlock=cidr, availabilityZone=zone)


def some(type_: str, count: int, region: str = REGION) -> tuple[Existing, ...]:
    return tuple(there(type_, f"thing-{number}", region=region) for number in range(count))


CASES = [
    Case(network.vpc_size, create(network.VPC, cidrBlock="10.0.0.0/15"), create(network.VPC, cidrBlock="10.0.0.0/16")),
    Case(network.vpc_size, create(network.VPC, cidrBlock="10.0.0.0/29"), create(network.VPC, cidrBlock="10.0.0.0/28")),
    Case(
        network.vpcs_in_region,
        create(network.VPC, cidrBlock="10.9.0.0/16"),
        create(network.VPC, cidrBlock="10.9.0.0/16"),
        some(network.VPC, 5),
        (*some(network.VPC, 4), *some(network.VPC, 5, region="us-east-1")),
    ),
    Case(network.subnet_size, subnet("10.0.128.0/29"), subnet("10.0.128.0/28"), (VPC,)),
    Case(network.subnet_outside_of_vpc, subnet("10.1.0.0/24"), subnet("10.0.255.0/24"), (VPC,)),
    Case(network.subnets_overlap, subnet("10.0.15.0/24"), subnet("10.0.16.0/24"), (VPC, SUBNET_A)),
    Case(
        network.zone_of_another_region,
        subnet("10.0.0.0/24", zone="us-east-1a"),
        subnet("10.0.0.0/24", zone="eu-central-1a"),
        (VPC,),
    ),
    Case(
        network.addresses_in_region,
        create(network.ADDRESS, domain="vpc"),
        create(network.ADDRESS, domain="vpc"),
        some(network.ADDRESS, 5),
        some(network.ADDRESS, 4),
    ),
    Case(
        network.nat_without_internet_gateway,
        create(network.NAT_GATEWAY, subnetId="subnet-a", allocationId="eipalloc-1"),
        create(network.NAT_GATEWAY, subnetId="subnet-a", allocationId="eipalloc-1"),
        (VPC, SUBNET_A),
        (VPC, SUBNET_A, GATEWAY),
    ),
    Case(
        network.nat_address_in_use,
        create(network.NAT_GATEWAY, subnetId="subnet-a", allocationId="eipalloc-1"),
        create(network.NAT_GATEWAY, subnetId="subnet-a", allocationId="eipalloc-2"),
        (VPC, SUBNET_A, GATEWAY, there(network.NAT_GATEWAY, "nat-1", allocationId="eipalloc-1")),
    ),
    Case(
        network.endpoint_twice_in_zone,
        create(network.ENDPOINT, **STS, subnetIds=["subnet-a", "subnet-a2"]),
        create(network.ENDPOINT, **STS, subnetIds=["subnet-a", "subnet-b"]),
        (VPC, SUBNET_A, SUBNET_A2, SUBNET_B),
    ),
    Case(
        network.private_name_twice,
        create(network.ENDPOINT, **STS, privateDnsEnabled=True),
        create(network.ENDPOINT, **STS, privateDnsEnabled=False),
        (VPC, STS_IS_THERE),
    ),
    Case(
        network.private_name_without_dns,
        create(network.ENDPOINT, **STS, privateDnsEnabled=True),
        create(network.ENDPOINT, **STS, privateDnsEnabled=True),
        (there(network.VPC, "vpc-1", cidrBlock="10.0.0.0/16"),),
        (VPC,),
    ),
    Case(
        network.endpoint_service_elsewhere,
        create(network.ENDPOINT, **{**STS, "serviceName": "com.amazonaws.us-east-1.sts"}),
        create(network.ENDPOINT, **STS),
        (VPC,),
    ),
    Case(
        network.route_twice,
        create(network.ROUTE, routeTableId="rtb-1", destinationCidrBlock="0.0.0.0/0", natGatewayId="nat-1"),
        create(network.ROUTE, routeTableId="rtb-2", destinationCidrBlock="0.0.0.0/0", natGatewayId="nat-1"),
        (there(network.ROUTE, "r-1", routeTableId="rtb-1", destinationCidrBlock="0.0.0.0/0"),),
    ),
    Case(
        network.second_route_table,
        create(network.ROUTE_TABLE_ASSOCIATION, routeTableId="rtb-2", subnetId="subnet-a"),
        create(network.ROUTE_TABLE_ASSOCIATION, routeTableId="rtb-2", subnetId="subnet-b"),
        (there(network.ROUTE_TABLE_ASSOCIATION, "rtbassoc-1", routeTableId="rtb-1", subnetId="subnet-a"),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ec2_refuses_this_of_a_network_and_takes_the_nearest(case: Case) -> None:
    assert_told_apart(case)


def test_every_refusal_of_networks_has_a_case() -> None:
    assert_all_have_a_case(network.RULES, CASES)
