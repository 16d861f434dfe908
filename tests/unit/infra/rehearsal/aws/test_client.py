"""Inputs of creates as requests, held to botocore's models."""

from __future__ import annotations

from typing import Any

import pytest

from llmctl.infra.rehearsal.aws.client import _table, operation, validate
from llmctl.infra.rehearsal.aws.sdk import knows
from llmctl.infra.rehearsal.cloud.errors import Rejected
from llmctl.infra.rehearsal.cloud.request import Operation, Request

NODES = {
    "clusterName": "one",
    "nodeRoleArn": "arn:aws:iam::123456789012:role/nodes",
    "subnetIds": ["subnet-1"],
    "scalingConfig": {"desiredSize": 0, "maxSize": 4, "minSize": 0},
    "taints": [{"key": "nvidia.com/gpu", "effect": "NO_SCHEDULE"}],
}


def create(type_: str, inputs: dict[str, Any]) -> None:
    validate(Request(operation=Operation.CREATE, type=type_, account="123456789012", region="eu-west-1", inputs=inputs))


@pytest.mark.parametrize("type_", sorted(_table()))
def test_every_mapped_create_is_of_a_type_that_the_sdk_has_and_a_call_that_botocore_has(type_: str) -> None:
    assert knows(type_)
    row = _table()[type_]
    model = operation(*row["call"].split())
    for path in [*row.get("names", {}).values(), *row.get("set", {})]:
        assert path.split(".")[0].split("[")[0] in model.input_shape.members, path


@pytest.mark.parametrize(
    ("type_", "inputs", "said"),
    [
        ("aws:eks/nodeGroup:NodeGroup", {**NODES, "nodeGroupName": "gpu"}, None),
        ("aws:eks/nodeGroup:NodeGroup", NODES, 'Missing required parameter in input: "nodegroupName"'),
        (
            "aws:eks/nodeGroup:NodeGroup",
            {**NODES, "nodeGroupName": "gpu", "capacityType": "CHEAP"},
            "capacityType failed to satisfy enum value set",
        ),
        (
            "aws:eks/nodeGroup:NodeGroup",
            {**NODES, "nodeGroupName": "gpu", "scalingConfig": {"desiredSize": -1, "maxSize": 1, "minSize": 0}},
            "valid min value: 0",
        ),
        (
            "aws:eks/nodeGroup:NodeGroup",
            {**NODES, "nodeGroupName": "gpu", "taints": [{"key": "gpu", "effect": "NoSchedule"}]},
            "taints.effect failed to satisfy enum value set",
        ),
        ("aws:kms/key:Key", {"description": "of the volumes", "tags": {"owner": "us"}}, None),
        ("aws:kms/alias:Alias", {"name": "", "targetKeyId": "k"}, "Invalid length for parameter AliasName"),
        ("aws:ec2/route:Route", {"destinationCidrBlock": "0.0.0.0/0"}, "RouteTableId"),
        (
            "aws:ec2/launchTemplate:LaunchTemplate",
            {
                "name": "gpu",
                "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
                "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 200, "encrypted": "true"}}],
            },
            None,
        ),
        (
            "aws:ec2/launchTemplate:LaunchTemplate",
            {"name": "gpu", "metadataOptions": {"httpTokens": "always"}},
            "HttpTokens failed to satisfy enum value set: [optional, required]",
        ),
        (
            "aws:eks/cluster:Cluster",
            {
                "name": "one",
                "roleArn": "arn",
                "vpcConfig": {"subnetIds": ["a", "b"]},
                "enabledClusterLogTypes": ["api", "audits"],
            },
            "logging.clusterLogging.types failed to satisfy enum value set",
        ),
        (
            "aws:route53/record:Record",
            {"zoneId": "Z1", "name": "llm.example.com", "type": "CNAME", "ttl": 60, "records": ["lb.example.com"]},
            None,
        ),
    ],
)
def test_what_botocore_refuses_is_refused(type_: str, inputs: dict[str, Any], said: str | None) -> None:
    if said is None:
        create(type_, inputs)
        return
    with pytest.raises(Rejected) as error:
        create(type_, inputs)
    assert said in str(error.value)
