from __future__ import annotations

import json
from typing import Any

import pytest
from doubles.cloud_world import ACCOUNT, Case, create, there
from drivers.refusals import assert_all_have_a_case, assert_told_apart

from llmctl.infra.rehearsal.aws.refusals import buckets, keys, records
from llmctl.infra.rehearsal.cloud.request import Request

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SCALING_ARN = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/llmctl-dev-node"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(principal: object, action: str = "kms:*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}


OURS = allow({"AWS": ROOT})


def key(*statements: dict[str, Any], **more: Any) -> Request:
    return create(keys.KEY, policy=policy(*statements), **more)


def bucket(name: str) -> Request:
    return create(buckets.BUCKET, bucket=name)


def read_all(resource: str, principal: object = "*", **more: Any) -> str:
    return policy({**allow(principal, "s3:GetObject"), "Resource": resource, **more})


MODELS = there(buckets.BUCKET, "models", bucket="models")
LOGS = there(buckets.BUCKET, "logs", bucket="logs")
LOGGED = {"bucket": "models", "targetBucket": "logs", "targetPrefix": "s3/"}
BY_KEY = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:k"}}]
BY_S3 = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
KEY_ARN = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/k-1"
FOR_LOGS = allow({"Service": "logs.eu-central-1.amazonaws.com"}, "kms:Encrypt*")


KEY_CASES = [
    Case(keys.key_policy_grammar, create(keys.KEY, policy="{"), key(OURS)),
    Case(
        keys.key_policy_grammar, key(OURS, {**OURS, "Action": "Decrypt"}), key(OURS, {**OURS, "Action": "kms:Decrypt"})
    ),
    Case(
        keys.key_policy_size,
        key(OURS, allow({"AWS": ROOT}, Sid="a" * 32_768)),
        key(OURS, allow({"AWS": ROOT}, Sid="a" * 32_300)),
    ),
    Case(
        keys.key_policy_locks_its_maker_out,
        key(allow({"AWS": ROOT}, "kms:Decrypt")),
        key(allow({"AWS": ROOT}, "kms:Put*")),
    ),
    Case(
        keys.key_policy_locks_its_maker_out,
        key(allow({"AWS": "arn:aws:iam::999988887777:root"})),
        key(allow({"AWS": "arn:aws:iam::999988887777:root"}), bypassPolicyLockoutSafetyCheck=True),
    ),
    Case(
        keys.key_policy_names_nobody,
        key(OURS, allow({"AWS": ROLE_ARN}, "kms:Decrypt")),
        key(OURS, allow({"AWS": ROLE_ARN}, "kms:Decrypt")),
        (),
        (there(keys.ROLE, "llmctl-dev-node", arn=ROLE_ARN),),
    ),
    Case(
        keys.key_policy_names_nobody,
        key(OURS, allow({"AWS": SCALING_ARN}, "kms:Decrypt")),
        key(OURS, allow({"AWS": SCALING_ARN}, "kms:Decrypt")),
        (),
        (there(keys.SERVICE_LINKED_ROLE, SCALING_ARN, arn=SCALING_ARN),),
    ),
    Case(keys.key_deletion_window, key(OURS, deletionWindowInDays=6), key(OURS, deletionWindowInDays=7)),
    Case(keys.key_deletion_window, key(OURS, deletionWindowInDays=31), key(OURS, deletionWindowInDays=30)),
    Case(keys.key_rotation_period, key(OURS, rotationPeriodInDays=89), key(OURS, rotationPeriodInDays=90)),
    Case(keys.alias_name, create(keys.ALIAS, name="alias/aws/ours"), create(keys.ALIAS, name="alias/ours")),
    Case(keys.alias_name, create(keys.ALIAS, name="ours"), create(keys.ALIAS, name="alias/ours")),
    Case(
        keys.alias_exists,
        create(keys.ALIAS, name="alias/ours"),
        create(keys.ALIAS, name="alias/ours-2"),
        (there(keys.ALIAS, "alias/ours", name="alias/ours"),),
    ),
]

BUCKET_CASES = [
    Case(buckets.bucket_name, bucket("a" * 64), bucket("a" * 63)),
    Case(buckets.bucket_name, bucket("Models"), bucket("models")),
    Case(buckets.bucket_name, bucket("192.168.5.4"), bucket("192.168.5.4a")),
    Case(buckets.bucket_name, bucket("models-s3alias"), bucket("models-s3alia")),
    Case(buckets.bucket_is_ours, bucket("models"), bucket("models-2"), (MODELS,)),
    Case(
        buckets.bucket_is_others,
        bucket("models"),
        bucket("models"),
        (there(buckets.BUCKET, "models", account="999988887777", region="us-east-1", bucket="models"),),
        (),
    ),
    Case(
        buckets.bucket_policy_grammar,
        create(buckets.POLICY, bucket="models", policy=policy({"Effect": "Allow", "Action": "s3:GetObject"})),
        create(buckets.POLICY, bucket="models", policy=read_all("arn:aws:s3:::models/*")),
        (MODELS,),
    ),
    Case(
        buckets.bucket_policy_size,
        create(buckets.POLICY, bucket="models", policy=read_all("arn:aws:s3:::models/*", Sid="a" * 20_480)),
        create(buckets.POLICY, bucket="models", policy=read_all("arn:aws:s3:::models/*", Sid="a" * 20_000)),
        (MODELS,),
    ),
    Case(
        buckets.bucket_policy_of_another,
        create(buckets.POLICY, bucket="models", policy=read_all("arn:aws:s3:::logs/*")),
        create(buckets.POLICY, bucket="models", policy=read_all("arn:aws:s3:::models")),
        (MODELS,),
    ),
    Case(
        buckets.public_policy_is_blocked,
        create(buckets.POLICY, bucket="models", policy=read_all("arn:aws:s3:::models/*")),
        create(buckets.POLICY, bucket="models", policy=read_all("arn:aws:s3:::models/*", {"AWS": ROLE_ARN})),
        (MODELS, there(buckets.PUBLIC_ACCESS_BLOCK, "models", bucket="models", blockPublicPolicy=True)),
    ),
    Case(
        buckets.log_bucket_with_kms_key,
        create(buckets.LOGGING, **LOGGED),
        create(buckets.LOGGING, **LOGGED),
        (MODELS, LOGS, there(buckets.ENCRYPTION, "logs", bucket="logs", rules=BY_KEY)),
        (MODELS, LOGS, there(buckets.ENCRYPTION, "logs", bucket="logs", rules=BY_S3)),
    ),
    Case(
        buckets.kms_key_on_log_bucket,
        create(buckets.ENCRYPTION, bucket="logs", rules=BY_KEY),
        create(buckets.ENCRYPTION, bucket="logs", rules=BY_S3),
        (MODELS, LOGS, there(buckets.LOGGING, "models", **LOGGED)),
    ),
    Case(
        buckets.log_bucket_elsewhere,
        create(buckets.LOGGING, **LOGGED),
        create(buckets.LOGGING, **LOGGED),
        (MODELS, there(buckets.BUCKET, "logs", bucket="logs", region="us-east-1")),
        (MODELS, LOGS),
    ),
    Case(
        buckets.no_such_bucket,
        create(buckets.LOGGING, **LOGGED),
        create(buckets.LOGGING, **LOGGED),
        (LOGS,),
        (MODELS, LOGS),
    ),
]

RECORD_CASES = [
    Case(
        records.log_retention,
        create(records.LOG_GROUP, name="/eks", retentionInDays=45),
        create(records.LOG_GROUP, name="/eks", retentionInDays=60),
    ),
    Case(records.log_group_name, create(records.LOG_GROUP, name="a b"), create(records.LOG_GROUP, name="a-b")),
    Case(records.log_group_name, create(records.LOG_GROUP, name="aws/x"), create(records.LOG_GROUP, name="/aws/x")),
    Case(
        records.log_group_exists,
        create(records.LOG_GROUP, name="/aws/eks/dev/cluster"),
        create(records.LOG_GROUP, name="/aws/eks/prod/cluster"),
        (there(records.LOG_GROUP, "/aws/eks/dev/cluster", name="/aws/eks/dev/cluster", made_by="eks"),),
    ),
    Case(
        records.log_key_without_the_service,
        create(records.LOG_GROUP, name="/eks", kmsKeyId=KEY_ARN),
        create(records.LOG_GROUP, name="/eks", kmsKeyId=KEY_ARN),
        (there(keys.KEY, "k-1", arn=KEY_ARN, policy=policy(OURS)),),
        (there(keys.KEY, "k-1", arn=KEY_ARN, policy=policy(OURS, FOR_LOGS)),),
    ),
    Case(
        records.repository_name,
        create(records.REPOSITORY, name="llmctl/Gateway"),
        create(records.REPOSITORY, name="llmctl/gateway"),
    ),
    Case(
        records.repository_exists,
        create(records.REPOSITORY, name="llmctl/gateway"),
        create(records.REPOSITORY, name="llmctl/engine"),
        (there(records.REPOSITORY, "llmctl/gateway", name="llmctl/gateway"),),
    ),
]


@pytest.mark.parametrize("case", [*KEY_CASES, *BUCKET_CASES, *RECORD_CASES], ids=str)
def test_aws_refuses_this_of_storage_and_takes_the_nearest(case: Case) -> None:
    assert_told_apart(case)


def test_every_refusal_of_storage_has_a_case() -> None:
    assert_all_have_a_case(keys.RULES, KEY_CASES)
    assert_all_have_a_case(buckets.RULES, BUCKET_CASES)
    assert_all_have_a_case(records.RULES, RECORD_CASES)
