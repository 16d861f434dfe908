from __future__ import annotations

import json
from typing import Any

import pytest
from doubles.cloud_world import ACCOUNT, Case, create, there
from drivers.refusals import assert_all_have_a_case, assert_told_apart

from llmctl.infra.rehearsal.aws.refusals import buckets, listeners, load_balancer, security_groups
from llmctl.infra.rehearsal.aws.refusals.network import INTERNET_GATEWAY, SUBNET
from llmctl.infra.rehearsal.cloud.request import Existing, Request

A = there(SUBNET, "subnet-a", vpcId="vpc-1", availabilityZone="eu-central-1a")
A2 = there(SUBNET, "subnet-a2", vpcId="vpc-1", availabilityZone="eu-central-1a")
B = there(SUBNET, "subnet-b", vpcId="vpc-1", availabilityZone="eu-central-1b")
NETWORK = (A, A2, B, there(INTERNET_GATEWAY, "igw-1", vpcId="vpc-1"))
LOGS = there(buckets.BUCKET, "logs", bucket="logs")
TO_LOGS = {"accessLogs": {"enabled": True, "bucket": "logs"}}


def balancer(**changed: Any) -> Request:
    return create(load_balancer.BALANCER, **{"name": "new", "subnets": ["subnet-a", "subnet-b"], **changed})


def log_policy(service: str) -> Existing:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::logs/*",
    }
    return there(buckets.POLICY, "logs", bucket="logs", policy=json.dumps({"Statement": statement}))


WRITABLE = (*NETWORK, LOGS, log_policy("logdelivery.elasticloadbalancing.amazonaws.com"))
BY_KEY = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]


def target_group(name: str = "gateway", **check: Any) -> Request:
    return create(load_balancer.TARGET_GROUP, name=name, protocol="HTTPS", port=8443, healthCheck=check)


BALANCER_CASES = [
    Case(load_balancer.balancer_name, balancer(name="a" * 33), balancer(name="a" * 32), NETWORK),
    Case(load_balancer.balancer_name, balancer(name="internal-a"), balancer(name="internala"), NETWORK),
    Case(
        load_balancer.balancer_exists,
        balancer(name="llm"),
        balancer(name="llm-2"),
        (*NETWORK, there(load_balancer.BALANCER, "arn:llm", name="llm")),
    ),
    Case(
        load_balancer.balancer_in_one_zone,
        balancer(subnets=["subnet-a"]),
        balancer(subnets=["subnet-a"], loadBalancerType="network"),
        NETWORK,
    ),
    Case(
        load_balancer.balancer_twice_in_zone,
        balancer(subnets=["subnet-a", "subnet-a2", "subnet-b"]),
        balancer(subnets=["subnet-a", "subnet-b"]),
        NETWORK,
    ),
    Case(load_balancer.public_balancer_without_gateway, balancer(), balancer(internal=True), (A, B)),
    Case(load_balancer.balancer_seconds, balancer(idleTimeout=4_001), balancer(idleTimeout=4_000), NETWORK),
    Case(load_balancer.balancer_seconds, balancer(clientKeepAlive=59), balancer(clientKeepAlive=60), NETWORK),
    Case(
        load_balancer.balancer_may_not_write_logs,
        balancer(**TO_LOGS),
        balancer(**TO_LOGS),
        (*NETWORK, LOGS, log_policy("delivery.logs.amazonaws.com")),
        WRITABLE,
    ),
    Case(
        load_balancer.balancer_logs_with_kms_key,
        balancer(**TO_LOGS),
        balancer(**TO_LOGS),
        (*WRITABLE, there(buckets.ENCRYPTION, "logs", bucket="logs", rules=BY_KEY)),
        WRITABLE,
    ),
    Case(load_balancer.target_group_name, target_group("a" * 33), target_group("a" * 32)),
    Case(
        load_balancer.target_group_exists,
        target_group("gateway"),
        target_group("gateway-2"),
        (there(load_balancer.TARGET_GROUP, "arn:tg", name="gateway"),),
    ),
    Case(load_balancer.health_check_range, target_group(interval=4), target_group(interval=5)),
    Case(
        load_balancer.health_check_range,
        target_group(interval=10, timeout=11),
        target_group(interval=10, timeout=10),
    ),
]

ALB = there(load_balancer.BALANCER, "arn:alb", arn="arn:alb", name="alb", loadBalancerType="application")
NLB = there(load_balancer.BALANCER, "arn:nlb", arn="arn:nlb", name="nlb", loadBalancerType="network")
HTTPS_GROUP = there(load_balancer.TARGET_GROUP, "arn:tg", arn="arn:tg", name="gateway", protocol="HTTPS")
TCP_GROUP = there(load_balancer.TARGET_GROUP, "arn:tcp", arn="arn:tcp", name="tcp", protocol="TCP")
CERTIFICATE_ARN = f"arn:aws:acm:eu-central-1:{ACCOUNT}:certificate/c-1"
CERTIFICATE = there(listeners.CERTIFICATE, CERTIFICATE_ARN, arn=CERTIFICATE_ARN, status="PENDING_VALIDATION")
VALIDATED = there(listeners.VALIDATION, "v-1", certificateArn=CERTIFICATE_ARN)
THERE = (ALB, NLB, HTTPS_GROUP, TCP_GROUP, CERTIFICATE, VALIDATED)
ACL_ARN = f"arn:aws:wafv2:eu-central-1:{ACCOUNT}:regional/webacl/a/1"
ACL = there(listeners.WEB_ACL, "acl-1", arn=ACL_ARN, name="acl")


def forward(*arns: str) -> dict[str, Any]:
    return {"defaultActions": [{"type": "forward", "targetGroupArn": arn} for arn in arns]}


def listener(**changed: Any) -> Request:
    usual = {
        "loadBalancerArn": "arn:alb",
        "port": 443,
        "protocol": "HTTPS",
        "certificateArn": CERTIFICATE_ARN,
        **forward("arn:tg"),
    }
    return create(listeners.LISTENER, **{**usual, **changed})


def protect(resource: str, acl: str = ACL_ARN) -> Request:
    return create(listeners.WEB_ACL_ASSOCIATION, resourceArn=resource, webAclArn=acl)


def acl(scope: str, *priorities: int) -> Request:
    rules = [{"name": f"rule-{index}", "priority": priority} for index, priority in enumerate(priorities)]
    return create(listeners.WEB_ACL, name="acl", scope=scope, rules=rules)


OTHERS = there(listeners.LISTENER, "arn:l-nlb", loadBalancerArn="arn:nlb", port=443, **forward("arn:tg"))

LISTENER_CASES = [
    Case(
        listeners.listener_without_certificate,
        listener(certificateArn=None),
        listener(certificateArn=None, protocol="HTTP"),
        THERE,
    ),
    Case(
        listeners.listener_protocol,
        listener(protocol="TCP"),
        listener(protocol="TCP", loadBalancerArn="arn:nlb", **forward("arn:tcp")),
        THERE,
    ),
    Case(
        listeners.listener_port_twice,
        listener(),
        listener(port=8443),
        (*THERE, there(listeners.LISTENER, "arn:l", loadBalancerArn="arn:alb", port=443)),
    ),
    Case(
        listeners.certificate_elsewhere,
        listener(certificateArn=f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/c-2"),
        listener(certificateArn=f"arn:aws:acm:eu-central-1:{ACCOUNT}:certificate/c-2"),
        THERE,
    ),
    Case(
        listeners.certificate_not_issued,
        listener(),
        listener(),
        (ALB, HTTPS_GROUP, CERTIFICATE),
        (ALB, HTTPS_GROUP, CERTIFICATE, VALIDATED),
    ),
    Case(
        listeners.tcp_idle_timeout,
        listener(loadBalancerArn="arn:nlb", protocol="TCP", tcpIdleTimeoutSeconds=6_001, **forward("arn:tcp")),
        listener(loadBalancerArn="arn:nlb", protocol="TCP", tcpIdleTimeoutSeconds=6_000, **forward("arn:tcp")),
        THERE,
    ),
    Case(listeners.target_group_of_another_kind, listener(**forward("arn:tcp")), listener(**forward("arn:tg")), THERE),
    Case(
        listeners.target_group_of_two_balancers,
        listener(**forward("arn:tg")),
        listener(**forward("arn:other")),
        (*THERE, OTHERS),
    ),
    Case(listeners.firewall_before_network_balancer, protect("arn:nlb"), protect("arn:alb"), (*THERE, ACL)),
    Case(listeners.firewall_before_nothing, protect("arn:alb"), protect("arn:alb"), THERE, (*THERE, ACL)),
    Case(listeners.firewall_scope, acl("CLOUDFRONT"), acl("REGIONAL")),
    Case(listeners.firewall_priorities, acl("REGIONAL", 1, 1), acl("REGIONAL", 1, 2)),
]


def group(**changed: Any) -> Request:
    return create(security_groups.SECURITY_GROUP, **{"name": "nodes", "vpcId": "vpc-1", **changed})


def rule(**changed: Any) -> Request:
    usual = {"securityGroupId": "sg-1", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "0.0.0.0/0"}
    return create(security_groups.INGRESS, **{**usual, **changed})


def rules(count: int) -> tuple[Existing, ...]:
    return tuple(
        there(security_groups.INGRESS, f"sgr-{number}", securityGroupId="sg-1", cidrIpv4=f"10.0.0.{number}/32")
        for number in range(count)
    )


def networks(count: int) -> dict[str, Any]:
    blocks = [f"10.0.{number}.0/24" for number in range(count)]
    return {"ingress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": blocks}]}


OPEN = there(security_groups.INGRESS, "sgr-1", **rule().inputs)

GROUP_CASES = [
    Case(security_groups.group_name, group(name="sg-nodes"), group(name="sgnodes")),
    Case(
        security_groups.group_description,
        group(description="the gateway's pods"),
        group(description="pods of the gateway"),
    ),
    Case(security_groups.group_description, rule(description="a" * 256), rule(description="a" * 255)),
    Case(
        security_groups.group_exists,
        group(),
        group(vpcId="vpc-2"),
        (there(security_groups.SECURITY_GROUP, "sg-1", name="nodes", vpcId="vpc-1"),),
    ),
    Case(security_groups.rules_inside_group, group(**networks(61)), group(**networks(60))),
    Case(security_groups.rules_beside_group, rule(), rule(), rules(60), rules(59)),
    Case(security_groups.rule_twice, rule(), rule(fromPort=80, toPort=80), (OPEN,)),
    Case(security_groups.ports_reversed, rule(fromPort=443, toPort=80), rule(fromPort=80, toPort=443)),
]


@pytest.mark.parametrize("case", [*BALANCER_CASES, *LISTENER_CASES, *GROUP_CASES], ids=str)
def test_aws_refuses_this_of_a_way_in_and_takes_the_nearest(case: Case) -> None:
    assert_told_apart(case)


def test_every_refusal_of_ways_in_has_a_case() -> None:
    assert_all_have_a_case(load_balancer.RULES, BALANCER_CASES)
    assert_all_have_a_case(listeners.RULES, LISTENER_CASES)
    assert_all_have_a_case(security_groups.RULES, GROUP_CASES)
