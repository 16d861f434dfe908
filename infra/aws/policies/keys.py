"""Who may use which of the stack's KMS keys.

A key policy names no role of the stack: KMS refuses one that is not there yet, and the roles come after the keys. It
leaves them to IAM, in the account, and their own policies name the key. Only services that come with their own
identity stand here. In a key policy the resource `*` is the key itself
(docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from llmctl.infra.aws.place import Place
from llmctl.infra.aws.policies.document import Document, Statement, allow, document


class Purpose(StrEnum):
    """What a key of the stack encrypts."""

    CLUSTER = "cluster"
    """Secrets in the cluster's etcd."""

    VOLUMES = "volumes"
    """Disks of nodes, and of claims."""

    MODELS = "models"
    """The bucket of weights."""

    IMAGES = "images"
    """The repositories in ECR."""

    LOGS = "logs"
    """Log groups in CloudWatch."""


THIS_KEY = "*"

USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:DeleteAlias",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""Of a symmetric key in one region; docs.aws.amazon.com/service-authorization/latest/reference/
list_awskeymanagementservice.html."""

AUTOSCALING_ROLE = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
"""docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html"""


def key_policy(purpose: Purpose, place: Place, log_groups: Iterable[str]) -> Document:
    """`log_groups`: names of all that the stack has; the key for logs is of no use to others."""
    return document(_account(place), *_services(purpose, place, list(log_groups)))


def _account(place: Place) -> Statement:
    """IAM policies of the account decide; without it nobody could ever change the key again.

    docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    root = {"AWS": place.arn("iam", "root", region="")}
    return allow("LeftToIamInTheAccount", sorted({*USE, *ADMINISTRATION}), THIS_KEY, to=root)


def _services(purpose: Purpose, place: Place, log_groups: list[str]) -> list[Statement]:
    if purpose is Purpose.VOLUMES:
        return _autoscaling(place)
    if purpose is Purpose.LOGS and log_groups:
        return [_logs(place, log_groups)]
    return []


def _autoscaling(place: Place) -> list[Statement]:
    """The role that starts the nodes, and lets EC2 keep the key for as long as a disk is attached.

    docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
    """
    role = {"AWS": place.role(AUTOSCALING_ROLE)}
    return [
        allow("DisksOfNodes", USE, THIS_KEY, to=role),
        allow(
            "DisksOfNodesWhileAttached",
            ["kms:CreateGrant"],
            THIS_KEY,
            to=role,
            when={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _logs(place: Place, log_groups: list[str]) -> Statement:
    """docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"""
    groups = [place.arn("logs", f"log-group:{name}") for name in log_groups]
    return allow(
        "LogGroupsOfTheStack",
        USE,
        THIS_KEY,
        to={"Service": f"logs.{place.region}.amazonaws.com"},
        when={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": groups}},
    )
