from __future__ import annotations

from typing import Any

import pytest

from llmctl.infra.rehearsal.aws.inputs import named, problems, tagged
from llmctl.infra.rehearsal.aws.sdk import reflected
from llmctl.infra.rehearsal.cloud.package import Naming
from llmctl.infra.rehearsal.properties import UNKNOWN

SUBNET = reflected("ec2", "Subnet")
CLUSTER = reflected("eks", "Cluster")
BUCKET = reflected("s3", "Bucket")
ROLE = "arn:aws:iam::123456789012:role/cluster"
NAMING = Naming(seed=b"seed", proposed=None)


def cluster(**inputs: Any) -> dict[str, Any]:
    return {"roleArn": ROLE, "vpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]}, **inputs}


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (cluster(), {}),
        (cluster(version=UNKNOWN), {}),
        (cluster(versoin="1.34"), {"versoin": "unknown key"}),
        ({"roleArn": ROLE}, {"vpcConfig": "Missing required"}),
        (cluster(version=1.34), {"version": "expected a string"}),
        (cluster(deletionProtection="true"), {"deletionProtection": "expected a boolean"}),
        (cluster(vpcConfig={}), {"vpcConfig.subnetIds": "Missing required"}),
        (cluster(vpcConfig={"subnetIds": "subnet-1"}), {"vpcConfig.subnetIds": "expected a list"}),
        (cluster(vpcConfig={"subnetIds": ["a", 2]}), {"vpcConfig.subnetIds[1]": "expected a string"}),
        (
            cluster(encryptionConfig={"provider": {"keyArn": "k", "kind": "x"}, "resources": ["secrets"]}),
            {"encryptionConfig.provider.kind": "unknown key"},
        ),
        (cluster(tags={"owner": 1}), {"tags.owner": "expected a string"}),
    ],
)
def test_inputs_are_held_to_the_types_of_the_sdk_at_any_depth(inputs: dict[str, Any], said: dict[str, str]) -> None:
    found = {problem.property: problem.reason for problem in problems(inputs, CLUSTER)}
    assert found.keys() == said.keys()
    assert all(said[name] in found[name] for name in said)


def test_a_wrong_value_is_not_repeated_since_it_may_be_a_secret() -> None:
    (problem,) = problems(cluster(deletionProtection="a-secret"), CLUSTER)
    assert "a-secret" not in problem.reason


def test_a_made_up_name_stays_and_one_of_the_program_is_left_alone() -> None:
    made = named("aws:s3/bucket:Bucket", "Weights", {}, {}, BUCKET, NAMING)
    assert made["bucket"].startswith("weights-")
    again = named("aws:s3/bucket:Bucket", "Weights", {}, made, BUCKET, Naming(seed=b"another", proposed=None))
    assert again["bucket"] == made["bucket"]
    assert named("aws:s3/bucket:Bucket", "Weights", {"bucket": "mine"}, made, BUCKET, NAMING)["bucket"] == "mine"


def test_what_has_no_name_gets_none() -> None:
    assert "name" not in named("aws:ec2/subnet:Subnet", "a", {"vpcId": "vpc-1"}, {}, SUBNET, NAMING)


def test_tags_of_a_resource_win_over_the_providers() -> None:
    inputs = tagged({"tags": {"owner": "us"}}, {"owner": "them", "stack": "dev"}, SUBNET)
    assert inputs["tagsAll"] == {"owner": "us", "stack": "dev"}
    assert inputs["tags"] == {"owner": "us"}
    assert tagged({"tags": {"owner": UNKNOWN}}, {"stack": "dev"}, SUBNET)["tagsAll"] == UNKNOWN
