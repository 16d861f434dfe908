"""What must hold of every network and load balancer, whatever a stack asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pulumi_aws
import pytest
from drivers.aws_networks import ANSWERS, LOG_KEY, ONE_NAT, PUBLIC
from drivers.declared import Declaration, Declared, declare

from llmctl.infra.aws.load_balancer import LoadBalancer, LoadBalancerArgs
from llmctl.infra.aws.network import Network, NetworkArgs
from llmctl.infra.aws_settings import Nat

ANYWHERE = {"0.0.0.0/0", "::/0"}

UNTAGGABLE = {
    "aws:acm/certificateValidation:CertificateValidation": "waits, and is nothing in AWS",
    "aws:ec2/route:Route": "part of its route table",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "part of its route table",
    "aws:iam/rolePolicy:RolePolicy": "part of its role",
    "aws:route53/record:Record": "part of its zone",
    "aws:wafv2/webAclAssociation:WebAclAssociation": "part of its load balancer",
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": "part of its ACL",
}
"""AWS has no tags for these."""

STACKS: dict[str, tuple[NetworkArgs, LoadBalancerArgs | None]] = {
    "dev": (ONE_NAT, None),
    "internal": (ONE_NAT, replace(PUBLIC, public=False)),
    "public": (replace(ONE_NAT, nat=Nat.PER_ZONE, endpoints="all", public_balancer=True), PUBLIC),
    "private": (replace(ONE_NAT, nat=Nat.NONE), replace(PUBLIC, public=False)),
}


@pytest.fixture(params=STACKS, scope="module")
def stack(request: pytest.FixtureRequest) -> Declaration:
    network, balancer = STACKS[request.param]

    def program() -> None:
        made = Network("network", network)
        if balancer is not None:
            subnets = made.public_subnet_ids if balancer.public else made.private_subnet_ids
            LoadBalancer("endpoint", replace(balancer, vpc_id=made.vpc_id, subnet_ids=subnets))

    return declare(program, answers=ANSWERS)


def test_the_whole_world_comes_in_at_the_public_listener_and_nowhere_else(stack: Declaration) -> None:
    ingress = stack.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    open_ = [rule for rule in ingress if ANYWHERE & {rule.inputs.get("cidrIpv4"), rule.inputs.get("cidrIpv6")}]
    public = [balancer for balancer in stack.of("aws:lb/loadBalancer:LoadBalancer") if not balancer.inputs["internal"]]
    assert [rule.name for rule in open_] == (["endpoint-callers"] if public else [])
    assert all((rule.inputs["fromPort"], rule.inputs["toPort"]) == (443, 443) for rule in open_)


def test_no_security_group_has_rules_besides_those_declared_one_by_one(stack: Declaration) -> None:
    groups = [r for r in stack.resources if r.type.endswith("ecurityGroup")]
    assert groups
    assert not any(group.inputs.get(way) for group in groups for way in ("ingress", "egress"))


def test_every_resource_can_be_tagged_or_is_part_of_one_that_is(stack: Declaration) -> None:
    untagged = {r.type for r in stack.resources if r.custom and not _takes_tags(r)}
    assert untagged <= set(UNTAGGABLE), "the provider's default tags do not reach these"
    assert not [type_ for type_ in UNTAGGABLE if hasattr(_of_sdk(type_), "tags")], "these can be, after all"


def test_every_log_is_encrypted_with_the_key_of_the_stack_and_ends(stack: Declaration) -> None:
    groups = [group.inputs for group in stack.of("aws:cloudwatch/logGroup:LogGroup")]
    assert all((group["kmsKeyId"], group["retentionInDays"]) == (LOG_KEY, 90) for group in groups)


def test_nothing_listens_or_is_spoken_to_in_the_clear(stack: Declaration) -> None:
    for listener in stack.of("aws:lb/listener:Listener"):
        assert (listener.inputs["port"], listener.inputs["protocol"]) in {(443, "HTTPS"), (443, "TCP")}
    for targets in stack.of("aws:lb/targetGroup:TargetGroup"):
        assert targets.inputs["healthCheck"]["protocol"] == "HTTPS", "or a gateway without TLS would be found healthy"


def test_no_policy_names_all_resources_but_those_of_endpoints_which_grant_nothing(stack: Declaration) -> None:
    for name, statement in _statements(stack):
        if "*" in statement["Resource"]:
            assert name.startswith("network-endpoints-")
            assert "aws:PrincipalAccount" in statement["Condition"]["StringEquals"]


def test_no_instance_gets_a_public_address_by_itself(stack: Declaration) -> None:
    assert not any(subnet.inputs["mapPublicIpOnLaunch"] for subnet in stack.of("aws:ec2/subnet:Subnet"))


def test_every_part_belongs_to_a_component(stack: Declaration) -> None:
    assert not [r.name for r in stack.resources if r.custom and r.parent is None]


def _statements(stack: Declaration) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in stack.resources:
        if "policy" in resource.inputs:
            yield from ((resource.name, each) for each in json.loads(resource.inputs["policy"])["Statement"])


def _takes_tags(resource: Declared) -> bool:
    return hasattr(_of_sdk(resource.type), "tags")


def _of_sdk(token: str) -> type:
    """The SDK's class, such as pulumi_aws.ec2.Vpc for aws:ec2/vpc:Vpc."""
    _, module, name = token.split(":")
    found: type = getattr(getattr(pulumi_aws, module.split("/")[0]), name)
    return found
