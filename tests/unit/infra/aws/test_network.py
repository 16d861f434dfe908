from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

import pulumi
import pytest
from drivers.aws_networks import LOG_KEY, ONE_NAT, ZONES
from drivers.declared import ACCOUNT, REGION, Declaration, declare

from llmctl.infra.aws.network import Network, NetworkArgs
from llmctl.infra.aws_settings import Nat

VPC, SUBNET = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"
ROUTE, NAT_GATEWAY, EIP = "aws:ec2/route:Route", "aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"
GATEWAY, ENDPOINT = "aws:ec2/internetGateway:InternetGateway", "aws:ec2/vpcEndpoint:VpcEndpoint"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"

PRIVATE = replace(ONE_NAT, nat=Nat.NONE)
FULL = replace(ONE_NAT, nat=Nat.PER_ZONE, endpoints="all", public_balancer=True)


def _network(args: NetworkArgs, *, preview: bool = False) -> Declaration:
    def program() -> dict[str, pulumi.Output[list[str]]]:
        made = Network("network", args)
        return {
            "private": made.private_subnet_ids,
            "public": made.public_subnet_ids,
            "control": made.control_plane_subnet_ids,
        }

    return declare(program, preview=preview)


def test_nodes_get_a_private_subnet_in_each_zone_and_no_instance_a_public_address() -> None:
    subnets = _network(FULL).of(SUBNET)
    assert [(s.inputs["availabilityZone"], s.inputs["cidrBlock"]) for s in subnets[:3]] == [
        (ZONES[0], "10.64.0.0/19"),
        (ZONES[1], "10.64.32.0/19"),
        (ZONES[2], "10.64.64.0/19"),
    ]
    assert len(subnets) == 6
    assert not any(subnet.inputs["mapPublicIpOnLaunch"] for subnet in subnets)


def test_a_private_stack_has_nothing_public() -> None:
    network = _network(PRIVATE)
    assert not [r.name for kind in (GATEWAY, NAT_GATEWAY, EIP, ROUTE) for r in network.of(kind)]
    assert [subnet.name for subnet in network.of(SUBNET)] == [f"network-private-{zone}" for zone in ZONES]
    assert network.result["public"] == []


@pytest.mark.parametrize(("nat", "gateways"), [(Nat.NONE, 0), (Nat.ONE, 1), (Nat.PER_ZONE, 3)])
def test_there_are_as_many_nat_gateways_as_asked_for_and_every_zone_has_its_way(nat: Nat, gateways: int) -> None:
    network = _network(replace(ONE_NAT, nat=nat))
    assert len(network.of(NAT_GATEWAY)) == len(network.of(EIP)) == gateways
    ways = [route.inputs for route in network.of(ROUTE) if "natGatewayId" in route.inputs]
    assert len(ways) == (len(ZONES) if gateways else 0)
    assert len({way["natGatewayId"] for way in ways}) == gateways


def test_one_nat_gateway_needs_one_public_subnet() -> None:
    network = _network(ONE_NAT)
    assert network.result["public"] == [f"network-public-{ZONES[0]}-id"]


def test_a_public_balancer_gets_subnets_in_every_zone_even_without_nat() -> None:
    network = _network(replace(PRIVATE, public_balancer=True))
    assert network.result["public"] == [f"network-public-{zone}-id" for zone in ZONES]
    assert not network.of(NAT_GATEWAY)


def test_only_s3_has_an_endpoint_where_nothing_more_is_asked_for() -> None:
    assert [endpoint.name for endpoint in _network(ONE_NAT).of(ENDPOINT)] == ["network-endpoints-s3"]


@pytest.mark.parametrize("args", [PRIVATE, FULL], ids=["no nat", "all"])
def test_every_service_is_met_under_its_own_name_and_only_from_the_vpc(args: NetworkArgs) -> None:
    network = _network(args)
    interfaces = [e.inputs for e in network.of(ENDPOINT) if e.inputs["vpcEndpointType"] == "Interface"]
    services = {made["serviceName"].removeprefix(f"com.amazonaws.{REGION}.") for made in interfaces}
    assert services == {
        *("ecr.api", "ecr.dkr", "sts", "kms", "logs", "eks", "eks-auth", "ec2"),
        *("elasticloadbalancing", "autoscaling", "ssm", "ssmmessages", "ec2messages"),
    }
    assert all(made["privateDnsEnabled"] and len(made["subnetIds"]) == len(ZONES) for made in interfaces)
    (rule,) = network.of(INGRESS)
    assert (rule.inputs["cidrIpv4"], rule.inputs["fromPort"], rule.inputs["toPort"]) == (ONE_NAT.cidr, 443, 443)
    assert {tuple(made["securityGroupIds"]) for made in interfaces} == {(rule.inputs["securityGroupId"],)}


def test_the_default_security_group_is_left_empty() -> None:
    group = _network(ONE_NAT).one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert (group.inputs["ingress"], group.inputs["egress"]) == ([], [])


def test_flow_logs_of_all_traffic_are_encrypted_and_kept_as_long_as_said() -> None:
    network = _network(ONE_NAT)
    log = network.one("aws:ec2/flowLog:FlowLog")
    assert log.inputs["trafficType"] == "ALL"
    group = network.one("aws:cloudwatch/logGroup:LogGroup")
    assert (group.inputs["kmsKeyId"], group.inputs["retentionInDays"]) == (LOG_KEY, 90)
    assert log.inputs["logDestination"].endswith(group.name)


def test_the_role_of_flow_logs_may_write_to_its_log_group_and_nowhere_else() -> None:
    network = _network(ONE_NAT)
    (statement,) = json.loads(network.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    group = network.one("aws:cloudwatch/logGroup:LogGroup").inputs["name"]
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
    assert statement["Resource"] == [arn, f"{arn}:*"]
    assert "logs:CreateLogGroup" not in statement["Action"], "or the service makes one again after `down`"


@pytest.mark.parametrize("args", [ONE_NAT, PRIVATE, FULL], ids=["one nat", "no nat", "all"])
def test_nodes_start_after_and_go_before_every_way_that_they_need(args: NetworkArgs) -> None:
    def program() -> None:
        network = Network("network", args)
        pulumi.CustomResource("test:index:Nodes", "nodes", {"subnets": network.private_subnet_ids})
        pulumi.CustomResource("test:index:Balancer", "balancer", {"subnets": network.public_subnet_ids})

    declared = declare(program)
    needed = {r.name for kind in (ROUTE, NAT_GATEWAY, ENDPOINT) for r in declared.of(kind)} - {"network-public-route"}
    assert needed <= declared.before("nodes")
    if declared.of(GATEWAY):
        assert {"network-public-route", "network-internet"} <= declared.before("balancer")


def test_a_nat_gateway_and_its_address_go_before_the_internet_gateway() -> None:
    network = _network(FULL)
    for made in (*network.of(NAT_GATEWAY), *network.of(EIP)):
        assert "network-internet" in network.before(made.name)


def test_a_zone_more_changes_nothing_that_was_there() -> None:
    before, after = _network(replace(FULL, zones=ZONES[:2])), _network(FULL)
    for kind in (SUBNET, ROUTE, NAT_GATEWAY, EIP):
        later = {r.name: r.inputs for r in after.of(kind)}
        assert all(later[r.name] == r.inputs for r in before.of(kind))


@pytest.mark.parametrize("args", [ONE_NAT, PRIVATE, FULL], ids=["one nat", "no nat", "all"])
def test_a_preview_shows_the_same_resources(args: NetworkArgs) -> None:
    names = partial(map, lambda r: (r.type, r.name))
    assert sorted(names(_network(args, preview=True).resources)) == sorted(names(_network(args).resources))
