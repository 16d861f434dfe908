from __future__ import annotations

from typing import Any

import pytest
from doubles.cloud_world import Case, delete, there
from drivers.refusals import assert_all_have_a_case, assert_told_apart

from llmctl.infra.rehearsal.aws.refusals import (
    RULES,
    buckets,
    cluster,
    deletion,
    identity,
    keys,
    listeners,
    load_balancer,
    network,
    records,
    security_groups,
)
from llmctl.infra.rehearsal.cloud.request import Existing

VPC = delete(network.VPC, "vpc-1", cidrBlock="10.0.0.0/16")
SUBNET = delete(network.SUBNET, "subnet-a", vpcId="vpc-1")
GROUP = delete(security_groups.SECURITY_GROUP, "sg-1", vpcId="vpc-1")
GATEWAY = delete(network.INTERNET_GATEWAY, "igw-1", vpcId="vpc-1")
A = there(network.SUBNET, "subnet-a", vpcId="vpc-1")
NAT = {"subnetId": "subnet-a", "allocationId": "eipalloc-1"}


def interface(made_by: str, **outputs: Any) -> Existing:
    return there(deletion.INTERFACE, "eni-1", made_by=made_by, **outputs)


def listener(**outputs: Any) -> tuple[Existing, ...]:
    return (there(listeners.LISTENER, "arn:listener", **outputs),)


CASES = [
    Case(deletion.vpc_in_use, VPC, VPC, (A,), (there(network.SUBNET, "subnet-z", vpcId="vpc-2"),)),
    Case(deletion.vpc_in_use, VPC, VPC, (interface("vpc-cni", vpcId="vpc-1"),), ()),
    Case(
        deletion.vpc_in_use,
        VPC,
        VPC,
        (there(security_groups.SECURITY_GROUP, "sg-2", name="nodes", vpcId="vpc-1"),),
        (there(security_groups.SECURITY_GROUP, "sg-2", name="default", vpcId="vpc-1", made_by="ec2"),),
    ),
    Case(deletion.subnet_in_use, SUBNET, SUBNET, (interface("eks", subnetId="subnet-a"),), ()),
    Case(
        deletion.subnet_in_use,
        SUBNET,
        SUBNET,
        (there(network.ENDPOINT, "vpce-1", subnetIds=["subnet-a"]),),
        (there(network.ENDPOINT, "vpce-1", subnetIds=["subnet-b"]),),
    ),
    Case(deletion.security_group_in_use, GROUP, GROUP, (interface("elb", securityGroups=["sg-1"]),), ()),
    Case(
        deletion.security_group_in_use,
        GROUP,
        GROUP,
        (there(security_groups.INGRESS, "sgr-1", securityGroupId="sg-2", referencedSecurityGroupId="sg-1"),),
        (there(security_groups.INGRESS, "sgr-1", securityGroupId="sg-1", referencedSecurityGroupId="sg-1"),),
    ),
    Case(
        deletion.gateway_with_public_addresses,
        GATEWAY,
        GATEWAY,
        (A, there(network.NAT_GATEWAY, "nat-1", **NAT)),
        (A, there(network.NAT_GATEWAY, "nat-1", **NAT, connectivityType="private")),
    ),
    Case(
        deletion.gateway_with_public_addresses,
        GATEWAY,
        GATEWAY,
        (A, there(load_balancer.BALANCER, "arn:alb", subnets=["subnet-a"])),
        (A, there(load_balancer.BALANCER, "arn:alb", subnets=["subnet-a"], internal=True)),
    ),
    Case(
        deletion.route_table_in_use,
        delete(network.ROUTE_TABLE, "rtb-1"),
        delete(network.ROUTE_TABLE, "rtb-2"),
        (there(network.ROUTE_TABLE_ASSOCIATION, "ra-1", routeTableId="rtb-1", subnetId="subnet-a"),),
    ),
    Case(
        deletion.address_in_use,
        delete(network.ADDRESS, "eipalloc-1"),
        delete(network.ADDRESS, "eipalloc-2"),
        (there(network.NAT_GATEWAY, "nat-1", **NAT),),
    ),
    Case(
        deletion.bucket_not_empty,
        delete(buckets.BUCKET, "models", bucket="models"),
        delete(buckets.BUCKET, "models", bucket="models", forceDestroy=True),
        (there(deletion.OBJECTS[0], "models/config.json", bucket="models", key="config.json"),),
    ),
    Case(
        deletion.role_with_policies,
        delete(keys.ROLE, "node", name="node"),
        delete(keys.ROLE, "node", name="node", forceDetachPolicies=True),
        (there(identity.ATTACHMENT, "node-1", role="node", policyArn="arn:p"),),
    ),
    Case(
        deletion.policy_attached,
        delete(identity.POLICY, "arn:p", arn="arn:p"),
        delete(identity.POLICY, "arn:q", arn="arn:q"),
        (there(identity.ATTACHMENT, "node-1", role="node", policyArn="arn:p"),),
    ),
    Case(
        deletion.cluster_with_node_groups,
        delete(cluster.CLUSTER, "dev", name="dev"),
        delete(cluster.CLUSTER, "prod", name="prod"),
        (there(cluster.NODE_GROUP, "dev:gpu", clusterName="dev"),),
    ),
    Case(
        deletion.cluster_protected,
        delete(cluster.CLUSTER, "dev", name="dev", deletionProtection=True),
        delete(cluster.CLUSTER, "dev", name="dev", deletionProtection=False),
    ),
    Case(
        deletion.balancer_protected,
        delete(load_balancer.BALANCER, "arn:alb", enableDeletionProtection=True),
        delete(load_balancer.BALANCER, "arn:alb", enableDeletionProtection=False),
    ),
    Case(
        deletion.target_group_in_use,
        delete(load_balancer.TARGET_GROUP, "arn:tg", arn="arn:tg"),
        delete(load_balancer.TARGET_GROUP, "arn:tg-2", arn="arn:tg-2"),
        listener(defaultActions=[{"type": "forward", "forward": {"targetGroups": [{"arn": "arn:tg"}]}}]),
    ),
    Case(
        deletion.certificate_in_use,
        delete(listeners.CERTIFICATE, "arn:c", arn="arn:c"),
        delete(listeners.CERTIFICATE, "arn:d", arn="arn:d"),
        listener(certificateArn="arn:c"),
    ),
    Case(
        deletion.firewall_in_use,
        delete(listeners.WEB_ACL, "acl-1", arn="arn:acl"),
        delete(listeners.WEB_ACL, "acl-2", arn="arn:acl-2"),
        (there(listeners.WEB_ACL_ASSOCIATION, "a-1", webAclArn="arn:acl", resourceArn="arn:alb"),),
    ),
    Case(
        deletion.repository_not_empty,
        delete(records.REPOSITORY, "llmctl/gateway", name="llmctl/gateway"),
        delete(records.REPOSITORY, "llmctl/gateway", name="llmctl/gateway", forceDelete=True),
        (there(deletion.IMAGE, "sha256:1", repositoryName="llmctl/gateway"),),
    ),
    Case(
        deletion.log_group_protected,
        delete(records.LOG_GROUP, "/eks", name="/eks", deletionProtectionEnabled=True),
        delete(records.LOG_GROUP, "/eks", name="/eks"),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_aws_keeps_what_is_in_use_full_or_protected_and_deletes_the_nearest(case: Case) -> None:
    assert_told_apart(case)


def test_every_refusal_to_delete_has_a_case() -> None:
    assert_all_have_a_case(deletion.RULES, CASES)


def test_a_refusal_to_delete_names_what_is_in_the_way_and_who_made_it() -> None:
    case = next(case for case in CASES if case.rule is deletion.subnet_in_use)
    refusal = deletion.subnet_in_use(case.refused, case.before)
    assert refusal is not None
    assert "eni-1 (made by eks)" in refusal.message


def test_no_two_refusals_have_one_name() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
