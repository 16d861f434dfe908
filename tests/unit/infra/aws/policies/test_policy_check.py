"""The check itself: what it must find."""

from __future__ import annotations

from typing import Any

import pytest
from drivers.policy_check import Kind, findings

from llmctl.infra.aws.policies.document import anywhere, document
from llmctl.infra.aws.policies.unscoped import UNSCOPED

BUCKET = "arn:aws:s3:::llmctl-aws-dev-models"
VOLUMES = "arn:aws:ec2:eu-west-1:111122223333:volume/*"
ROOT = "arn:aws:iam::111122223333:root"


def policy(**changes: Any) -> dict[str, Any]:
    good = {"Sid": "Good", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{BUCKET}/*"]}
    return document({key: value for key, value in {**good, **changes}.items() if value is not None})


def test_a_good_policy_has_no_findings() -> None:
    assert findings(policy(), Kind.IDENTITY) == []


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"Action": ["s3:*"]}, "action s3:* has a *"),
        ({"Action": ["s3:Get*"]}, "action s3:Get* has a *"),
        ({"Resource": ["*"]}, "s3:GetObject could name a resource"),
        ({"NotAction": ["s3:PutObject"]}, "['NotAction'] allows what nobody listed"),
        ({"Principal": {"AWS": ROOT}}, f"principal {{'AWS': '{ROOT}'}} in a policy of kind identity"),
        (
            {"Resource": ["arn:aws:s3:::another/*"]},
            "arn:aws:s3:::another/* has a * below no name of the stack, and no condition tells which",
        ),
        (
            {"Action": ["ec2:DeleteVolume"], "Resource": [VOLUMES]},
            f"{VOLUMES} has a * below no name of the stack, and no condition tells which",
        ),
        (
            {"Action": ["ec2:DeleteVolume"], "Resource": [VOLUMES.replace("eu-west-1", "*")]},
            f"{VOLUMES.replace('eu-west-1', '*')} leaves partition, service, region or account open",
        ),
        (
            {"Action": ["ec2:DescribeVolumes"], "Resource": [f"{VOLUMES[:-1]}vol-1"]},
            f"ec2:DescribeVolumes can name no resource, so {VOLUMES[:-1]}vol-1 allows nothing",
        ),
    ],
)
def test_what_a_role_must_not_be_given_is_found(changes: dict[str, Any], finding: str) -> None:
    assert f"Good: {finding}" in findings(policy(**changes), Kind.IDENTITY)


def test_a_tag_tells_which_of_many_volumes() -> None:
    own = {"StringEquals": {"aws:ResourceTag/llmctl:stack": "aws-dev"}}
    assert findings(policy(Action=["ec2:DeleteVolume"], Resource=[VOLUMES], Condition=own), Kind.IDENTITY) == []


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::111122223333:role/*"]}])
def test_a_bucket_for_everybody_is_found(principal: Any) -> None:
    assert findings(policy(Principal=principal), Kind.BUCKET)


@pytest.mark.parametrize(
    ("principal", "tests"),
    [
        ({"Federated": "arn:aws:iam::1:oidc-provider/gitlab.com"}, {"StringEquals": {"gitlab.com:sub": "a"}}),
        ({"Federated": "arn:aws:iam::1:oidc-provider/gitlab.com"}, {"StringLike": {"gitlab.com:sub": "a*"}}),
        ({"Service": "pods.eks.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": "1"}}),
    ],
)
def test_a_trust_that_takes_more_than_one_caller_is_found(principal: Any, tests: Any) -> None:
    assert findings(policy(Principal=principal, Condition=tests, Resource=None), Kind.TRUST)


def test_an_action_without_a_reason_is_not_allowed_anywhere() -> None:
    with pytest.raises(KeyError):
        anywhere("Look", ["s3:GetObject"])


@pytest.mark.parametrize("action", UNSCOPED)
def test_every_action_without_a_resource_has_its_reason_and_where_that_is_written(action: str) -> None:
    known = UNSCOPED[action]
    assert known.reason
    assert known.source.startswith("https://docs.aws.amazon.com/service-authorization/latest/reference/list_")
