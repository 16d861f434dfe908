from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from doubles.cloud_world import ACCOUNT, Case, create, there, update
from drivers.refusals import assert_all_have_a_case, assert_told_apart

from llmctl.infra.rehearsal.aws.refusals import access, cluster, launch_templates, node_pools, nodes
from llmctl.infra.rehearsal.aws.refusals.keys import KEY, ROLE
from llmctl.infra.rehearsal.aws.refusals.network import ENDPOINT, ROUTE, ROUTE_TABLE_ASSOCIATION, SUBNET, VPC
from llmctl.infra.rehearsal.cloud.request import Existing, Request

DNS = {"enableDnsSupport": True, "enableDnsHostnames": True}
OUR_VPC = there(VPC, "vpc-1", cidrBlock="10.0.0.0/16", **DNS)
A = there(SUBNET, "subnet-a", vpcId="vpc-1", cidrBlock="10.0.0.0/20", availabilityZone="eu-central-1a")
A2 = there(SUBNET, "subnet-a2", vpcId="vpc-1", cidrBlock="10.0.16.0/20", availabilityZone="eu-central-1a")
B = there(SUBNET, "subnet-b", vpcId="vpc-1", cidrBlock="10.0.32.0/20", availabilityZone="eu-central-1b")
WAY_OUT = (
    there(ROUTE, "r-1", routeTableId="rtb-1", destinationCidrBlock="0.0.0.0/0", natGatewayId="nat-1"),
    there(ROUTE_TABLE_ASSOCIATION, "ra-1", routeTableId="rtb-1", subnetId="subnet-a"),
    there(ROUTE_TABLE_ASSOCIATION, "ra-2", routeTableId="rtb-1", subnetId="subnet-b"),
)
NETWORK = (OUR_VPC, A, A2, B, *WAY_OUT)
CLOSED = (OUR_VPC, A, A2, B)
IN_TWO_ZONES = {"subnetIds": ["subnet-a", "subnet-b"], "endpointPublicAccess": False, "endpointPrivateAccess": True}
API_MODE = {"authenticationMode": "API"}
DEV = there(cluster.CLUSTER, "dev", name="dev", version="1.34", vpcConfig=IN_TWO_ZONES, accessConfig=API_MODE)
AGENT = there(cluster.ADDON, "dev:agent", clusterName="dev", addonName="eks-pod-identity-agent")
READY = (*NETWORK, DEV, AGENT)


def make(**changed: Any) -> Request:
    return create(cluster.CLUSTER, **{"name": "new", "version": "1.34", "vpcConfig": IN_TWO_ZONES, **changed})


def addon(name: str, version: str | None = None) -> Request:
    return create(cluster.ADDON, clusterName="dev", addonName=name, addonVersion=version)


def endpoints(*services: str) -> tuple[Existing, ...]:
    start = "com.amazonaws.eu-central-1."
    return tuple(there(ENDPOINT, f"vpce-{one}", vpcId="vpc-1", serviceName=start + one) for one in services)


CLUSTER_CASES = [
    Case(cluster.cluster_name, make(name="a" * 101), make(name="a" * 100), NETWORK),
    Case(cluster.cluster_exists, make(name="dev"), make(name="prod"), READY),
    Case(
        cluster.cluster_in_one_zone,
        make(vpcConfig={"subnetIds": ["subnet-a", "subnet-a2"]}),
        make(vpcConfig={"subnetIds": ["subnet-a", "subnet-b"]}),
        NETWORK,
    ),
    Case(
        cluster.cluster_without_endpoint,
        make(vpcConfig={**IN_TWO_ZONES, "endpointPrivateAccess": False}),
        make(vpcConfig=IN_TWO_ZONES),
        NETWORK,
    ),
    Case(
        cluster.cluster_security_groups,
        make(vpcConfig={**IN_TWO_ZONES, "securityGroupIds": [f"sg-{n}" for n in range(6)]}),
        make(vpcConfig={**IN_TWO_ZONES, "securityGroupIds": [f"sg-{n}" for n in range(5)]}),
        NETWORK,
    ),
    Case(
        cluster.cluster_in_vpc_without_dns,
        make(),
        make(),
        (there(VPC, "vpc-1", cidrBlock="10.0.0.0/16"), A, B),
        NETWORK,
    ),
    Case(cluster.kubernetes_version, make(version="1.29"), make(version="1.30"), NETWORK),
    Case(
        cluster.kubernetes_version_skipped,
        update(cluster.CLUSTER, "dev", before={"version": "1.34"}, name="dev", version="1.36"),
        update(cluster.CLUSTER, "dev", before={"version": "1.34"}, name="dev", version="1.35"),
        (DEV,),
    ),
    Case(
        cluster.kubernetes_version_skipped,
        update(cluster.CLUSTER, "dev", before={"version": "1.34"}, name="dev", version="1.33"),
        update(cluster.CLUSTER, "dev", before={"version": "1.34"}, name="dev", version="1.34"),
        (DEV,),
    ),
    Case(
        cluster.nodes_behind_the_update,
        update(cluster.CLUSTER, "dev", before={"version": "1.34"}, name="dev", version="1.35"),
        update(cluster.CLUSTER, "dev", before={"version": "1.34"}, name="dev", version="1.35"),
        (DEV, there(node_pools.NODE_GROUP, "dev:gpu", clusterName="dev", version="1.33")),
        (DEV, there(node_pools.NODE_GROUP, "dev:gpu", clusterName="dev", version="1.34")),
    ),
    Case(cluster.addon_without_cluster, addon("coredns"), addon("coredns"), (), READY),
    Case(cluster.addon_exists, addon("eks-pod-identity-agent"), addon("coredns"), READY),
    Case(cluster.addon_version, addon("coredns", "1.12.1"), addon("coredns", "v1.12.1-eksbuild.2"), READY),
    Case(
        cluster.addon_version,
        addon("kube-proxy", "v1.35.0-eksbuild.1"),
        addon("kube-proxy", "v1.34.0-eksbuild.2"),
        READY,
    ),
]


PODS = {"Service": "pods.eks.amazonaws.com"}
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/models"


def role(*actions: str) -> Existing:
    trust = {"Statement": [{"Effect": "Allow", "Principal": PODS, "Action": list(actions)}]}
    return there(ROLE, "models", name="models", arn=ROLE_ARN, assumeRolePolicy=json.dumps(trust))


MODELS = role("sts:AssumeRole", "sts:TagSession")


def identity(account: str = "engine") -> Request:
    return create(access.POD_IDENTITY, clusterName="dev", namespace="llm", serviceAccount=account, roleArn=ROLE_ARN)


def entry(**more: Any) -> Request:
    return create(access.ACCESS_ENTRY, **{"clusterName": "dev", "principalArn": ROLE_ARN, **more})


ENTRY = there(access.ACCESS_ENTRY, "dev:models", clusterName="dev", principalArn=ROLE_ARN)

ACCESS_CASES = [
    Case(access.no_such_cluster, identity(), identity(), (MODELS,), (*READY, MODELS)),
    Case(
        access.second_role_of_account,
        identity("engine"),
        identity("gateway"),
        (
            *READY,
            MODELS,
            there(access.POD_IDENTITY, "a-1", clusterName="dev", namespace="llm", serviceAccount="engine"),
        ),
    ),
    Case(
        access.role_that_pods_may_not_take,
        identity(),
        identity(),
        (*READY, role("sts:AssumeRole")),
        (*READY, MODELS),
    ),
    Case(access.pod_identity_without_agent, identity(), identity(), (*NETWORK, DEV, MODELS), (*READY, MODELS)),
    Case(
        access.pod_identity_without_eks_auth,
        identity(),
        identity(),
        (*CLOSED, DEV, AGENT, MODELS, *endpoints("sts")),
        (*CLOSED, DEV, AGENT, MODELS, *endpoints("sts", "eks-auth")),
    ),
    Case(access.access_entry_exists, entry(), entry(principalArn=f"{ROLE_ARN}-2"), (*READY, ENTRY)),
    Case(
        access.access_entry_by_config_map,
        entry(),
        entry(),
        (there(cluster.CLUSTER, "dev", name="dev", version="1.34"),),
        READY,
    ),
    Case(access.groups_of_nodes, entry(type="EC2_LINUX", kubernetesGroups=["x"]), entry(kubernetesGroups=["x"]), READY),
    Case(
        access.policy_without_entry,
        create(access.ACCESS_POLICY, clusterName="dev", principalArn=ROLE_ARN, policyArn="arn:view"),
        create(access.ACCESS_POLICY, clusterName="dev", principalArn=ROLE_ARN, policyArn="arn:view"),
        READY,
        (*READY, ENTRY),
    ),
]


def template(**more: Any) -> Request:
    return create(launch_templates.LAUNCH_TEMPLATE, **{"name": "template", **more})


def volume(**ebs: Any) -> Request:
    whole = {"volumeType": "gp3", "volumeSize": 100, **ebs}
    return template(blockDeviceMappings=[{"deviceName": "/dev/xvda", "ebs": whole}])


def data(characters: int) -> str:
    return base64.b64encode(b"a" * characters).decode()


TEMPLATE_CASES = [
    Case(launch_templates.template_name, template(name="a" * 129), template(name="a" * 128)),
    Case(
        launch_templates.template_exists,
        template(name="gpu"),
        template(name="gpu-2"),
        (there(launch_templates.LAUNCH_TEMPLATE, "lt-1", name="gpu"),),
    ),
    Case(
        launch_templates.metadata_hops,
        template(metadataOptions={"httpPutResponseHopLimit": 65}),
        template(metadataOptions={"httpPutResponseHopLimit": 64}),
    ),
    Case(launch_templates.volume_range, volume(iops=2_999), volume(iops=3_000)),
    Case(
        launch_templates.volume_range,
        volume(throughput=2_001, iops=16_000),
        volume(throughput=2_000, iops=16_000),
    ),
    Case(launch_templates.volume_ratio, volume(throughput=751), volume(throughput=750)),
    Case(launch_templates.volume_ratio, volume(volumeSize=10, iops=5_001), volume(volumeSize=10, iops=5_000)),
    Case(
        launch_templates.throughput_of_another_type,
        volume(volumeType="io2", iops=3_000, throughput=125),
        volume(volumeType="io2", iops=3_000),
    ),
    Case(
        launch_templates.key_of_unencrypted_volume,
        volume(kmsKeyId="arn:k"),
        volume(kmsKeyId="arn:k", encrypted="true"),
    ),
    Case(launch_templates.user_data, template(userData=data(16_385)), template(userData=data(16_384))),
    Case(launch_templates.user_data, template(userData="#!/bin/sh"), template(userData=data(10))),
    Case(
        launch_templates.machine_of_template, template(instanceType="g6.3xlarge"), template(instanceType="g6.2xlarge")
    ),
    Case(
        launch_templates.machine_of_template,
        template(instanceType="p5.48xlarge"),
        create(launch_templates.LAUNCH_TEMPLATE, region="us-east-1", name="template", instanceType="p5.48xlarge"),
    ),
]

NONE = {"minSize": 0, "desiredSize": 0, "maxSize": 4}
ONE = {"minSize": 0, "desiredSize": 1, "maxSize": 4}


def group(**changed: Any) -> Request:
    usual = {
        "clusterName": "dev",
        "nodeGroupName": "gpu",
        "subnetIds": ["subnet-a", "subnet-b"],
        "scalingConfig": NONE,
        "instanceTypes": ["g6.2xlarge"],
    }
    return create(node_pools.NODE_GROUP, **{**usual, **changed})


def groups(count: int) -> tuple[Existing, ...]:
    return tuple(
        there(node_pools.NODE_GROUP, f"dev:{number}", clusterName="dev", nodeGroupName=f"pool-{number}")
        for number in range(count)
    )


def by_template(**more: Any) -> tuple[Existing, ...]:
    return (*READY, there(launch_templates.LAUNCH_TEMPLATE, "lt-1", name="gpu", **more))


FROM_TEMPLATE = {"launchTemplate": {"id": "lt-1", "version": "1"}}

POOL_CASES = [
    Case(node_pools.node_group_name, group(nodeGroupName="a" * 64), group(nodeGroupName="a" * 63), READY),
    Case(
        node_pools.node_group_exists,
        group(nodeGroupName="pool-0"),
        group(nodeGroupName="pool-1"),
        (*READY, *groups(1)),
    ),
    Case(node_pools.node_group_without_cluster, group(), group(), NETWORK, READY),
    Case(node_pools.node_groups_of_cluster, group(), group(), (*READY, *groups(30)), (*READY, *groups(29))),
    Case(
        node_pools.node_group_sizes,
        group(scalingConfig={"minSize": 1, "desiredSize": 0, "maxSize": 4}),
        group(scalingConfig={"minSize": 1, "desiredSize": 1, "maxSize": 4}),
        READY,
    ),
    Case(
        node_pools.node_group_sizes,
        group(scalingConfig={"minSize": 0, "desiredSize": 0, "maxSize": 0}),
        group(scalingConfig={"minSize": 0, "desiredSize": 0, "maxSize": 1}),
        READY,
    ),
    Case(
        node_pools.nodes_of_group,
        group(scalingConfig={**NONE, "maxSize": 451}),
        group(scalingConfig={**NONE, "maxSize": 450}),
        READY,
    ),
    Case(
        node_pools.disk_size_beside_template,
        group(**FROM_TEMPLATE, diskSize=100),
        group(**FROM_TEMPLATE),
        by_template(),
    ),
    Case(
        node_pools.remote_access_beside_template,
        group(**FROM_TEMPLATE, remoteAccess={"ec2SshKey": "key"}),
        group(**FROM_TEMPLATE),
        by_template(),
    ),
    Case(
        node_pools.machine_types_in_both,
        group(**FROM_TEMPLATE),
        group(**FROM_TEMPLATE, instanceTypes=[]),
        by_template(instanceType="g6.2xlarge"),
    ),
    Case(
        node_pools.template_with_what_eks_decides,
        group(**FROM_TEMPLATE),
        group(**FROM_TEMPLATE),
        by_template(instanceMarketOptions={"marketType": "spot"}),
        by_template(),
    ),
    Case(
        node_pools.ami_in_both,
        group(**FROM_TEMPLATE, amiType="AL2023_x86_64_NVIDIA"),
        group(**FROM_TEMPLATE, amiType="CUSTOM"),
        by_template(imageId="ami-1"),
    ),
    Case(node_pools.machine_of_group, group(instanceTypes=["p5.48xlarge"]), group(instanceTypes=["g6.2xlarge"]), READY),
    Case(
        node_pools.machine_not_in_zone,
        group(instanceTypes=["p4de.24xlarge"]),
        group(instanceTypes=["p4de.24xlarge"], subnetIds=["subnet-a"]),
        READY,
    ),
    Case(node_pools.group_of_another_version, group(version="1.33"), group(version="1.34"), READY),
    Case(
        node_pools.release_of_another_version,
        group(releaseVersion="1.33.13-20260714"),
        group(releaseVersion="1.34.9-20260714"),
        READY,
    ),
    Case(
        node_pools.update_in_two_measures,
        group(updateConfig={"maxUnavailable": 1, "maxUnavailablePercentage": 20}),
        group(updateConfig={"maxUnavailable": 1}),
        READY,
    ),
]

KEY_ARN = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/k-1"
SCALING_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def key(principal: str) -> Existing:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"}
    return there(KEY, "k-1", arn=KEY_ARN, policy=json.dumps({"Statement": [statement]}))


ENCRYPTED = by_template(blockDeviceMappings=[{"ebs": {"encrypted": True, "kmsKeyId": KEY_ARN}}])


def quota(code: str, value: int) -> Existing:
    return there(nodes.QUOTA, code, quotaCode=code, value=value, serviceCode="ec2")


SPOT = {"scalingConfig": ONE, "capacityType": "SPOT"}
MANAGED = there(
    node_pools.NODE_GROUP, "dev:gpu", clusterName="dev", resources=[{"autoscalingGroups": [{"name": "eks-gpu-1"}]}]
)
RUNNING = there(
    node_pools.NODE_GROUP, "dev:g6", clusterName="dev", scalingConfig=ONE, instanceTypes=["g6.4xlarge"], version="1.34"
)

NODE_CASES = [
    Case(
        nodes.node_that_cannot_join,
        group(scalingConfig=ONE),
        group(scalingConfig=ONE),
        (*CLOSED, DEV, *endpoints("s3", "ecr.api", "ec2")),
        (*CLOSED, DEV, *endpoints("s3", "ecr.api", "ec2", "ecr.dkr")),
    ),
    Case(nodes.node_that_cannot_join, group(scalingConfig=ONE), group(scalingConfig=NONE), (*CLOSED, DEV)),
    Case(nodes.node_that_cannot_join, group(scalingConfig=ONE), group(scalingConfig=ONE), (*CLOSED, DEV), READY),
    Case(
        nodes.volume_key_without_autoscaling,
        group(**FROM_TEMPLATE),
        group(**FROM_TEMPLATE),
        (*ENCRYPTED, key(f"arn:aws:iam::{ACCOUNT}:root")),
        (*ENCRYPTED, key(SCALING_ROLE)),
    ),
    Case(
        nodes.vcpu_quota,
        group(scalingConfig=ONE),
        group(scalingConfig=ONE),
        (*READY, RUNNING, quota("L-DB2E81BA", 23)),
        (*READY, RUNNING, quota("L-DB2E81BA", 24)),
    ),
    Case(
        nodes.spot_quota,
        group(**SPOT),
        group(**SPOT),
        (*READY, RUNNING, quota("L-3819A6DF", 7)),
        (*READY, RUNNING, quota("L-3819A6DF", 8)),
    ),
    Case(
        nodes.target_group_of_managed_nodes,
        create(nodes.SCALING_ATTACHMENT, autoscalingGroupName="eks-gpu-1", lbTargetGroupArn="arn:tg"),
        create(nodes.SCALING_ATTACHMENT, autoscalingGroupName="ours", lbTargetGroupArn="arn:tg"),
        (MANAGED,),
    ),
]


@pytest.mark.parametrize("case", [*CLUSTER_CASES, *ACCESS_CASES], ids=str)
def test_eks_refuses_this_of_a_cluster_and_takes_the_nearest(case: Case) -> None:
    assert_told_apart(case)


@pytest.mark.parametrize("case", [*TEMPLATE_CASES, *POOL_CASES, *NODE_CASES], ids=str)
def test_eks_and_ec2_refuse_this_of_nodes_and_take_the_nearest(case: Case) -> None:
    assert_told_apart(case)


def test_every_refusal_of_clusters_and_nodes_has_a_case() -> None:
    assert_all_have_a_case(cluster.RULES, CLUSTER_CASES)
    assert_all_have_a_case(access.RULES, ACCESS_CASES)
    assert_all_have_a_case(launch_templates.RULES, TEMPLATE_CASES)
    assert_all_have_a_case(node_pools.RULES, POOL_CASES)
    assert_all_have_a_case(nodes.RULES, NODE_CASES)
