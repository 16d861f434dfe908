from __future__ import annotations

from typing import Any

import pytest
from drivers.policy_check import Kind, findings

from llmctl.infra.aws.place import Place
from llmctl.infra.aws.policies.buckets import logs_policy, models_policy
from llmctl.infra.aws.policies.document import Document

PLACE = Place(account="111122223333", region="eu-west-1")
MODELS, LOGS = "arn:aws:s3:::llmctl-aws-dev-models", "arn:aws:s3:::llmctl-aws-dev-access-logs"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/models"
OTHER_KEY = "arn:aws:kms:eu-west-1:111122223333:key/another"
ALGORITHM, KEY_ID = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"

POLICIES = {
    "models": models_policy(MODELS, KEY),
    "logs": logs_policy(LOGS, MODELS, PLACE, load_balancer=False),
    "logs of a public endpoint": logs_policy(LOGS, MODELS, PLACE, load_balancer=True),
}
OVER_TLS = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}


def denied(policy: Document, request: dict[str, str]) -> list[str]:
    """Sids of the statements that deny a PutObject with these context keys: the operators that stand here, as
    docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html has them."""
    denies = [each for each in policy["Statement"] if each["Effect"] == "Deny"]
    return [each["Sid"] for each in denies if all(_holds(*test, request) for test in _tests(each))]


def _tests(statement: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [(op, key, value) for op, tests in statement["Condition"].items() for key, value in tests.items()]


def _holds(operator: str, key: str, value: Any, request: dict[str, str]) -> bool:
    there = request.get(key)
    match operator:
        case "Null":
            return (there is None) is (value == "true")
        case "Bool" | "StringEquals":
            return there == value
        case "NumericLessThan":
            return there is not None and float(there) < float(value)
        case "StringNotEqualsIfExists" | "ArnNotEqualsIfExists":
            return there is None or there != value
    raise AssertionError(f"{operator} is not told here")


@pytest.mark.parametrize("policy", POLICIES)
def test_no_bucket_is_for_everybody_or_for_every_action(policy: str) -> None:
    assert findings(POLICIES[policy], Kind.BUCKET) == []


@pytest.mark.parametrize("policy", POLICIES)
def test_plain_http_and_old_tls_are_denied(policy: str) -> None:
    assert "DenyPlainHttp" in denied(POLICIES[policy], {"aws:SecureTransport": "false"})
    assert denied(POLICIES[policy], {"aws:SecureTransport": "true", "s3:TlsVersion": "1.1"}) == ["DenyOldTls"]
    assert denied(POLICIES[policy], {"aws:SecureTransport": "true", "s3:TlsVersion": "1.2"}) == []


@pytest.mark.parametrize(
    ("headers", "by"),
    [
        pytest.param({}, [], id="none: the bucket's own key"),
        pytest.param({ALGORITHM: "aws:kms", KEY_ID: KEY}, [], id="the stack's key"),
        pytest.param({ALGORITHM: "aws:kms"}, ["DenyTheKeyOfAws"], id="KMS without a key: AWS's own"),
        pytest.param({ALGORITHM: "aws:kms", KEY_ID: OTHER_KEY}, ["DenyOtherKeys"], id="another key"),
        pytest.param({ALGORITHM: "AES256"}, ["DenyOtherEncryption"], id="S3's key"),
        pytest.param({ALGORITHM: "aws:kms:dsse", KEY_ID: KEY}, ["DenyOtherEncryption"], id="two layers"),
    ],
)
def test_weights_are_written_under_the_key_of_the_stack_or_not_at_all(headers: dict[str, str], by: list[str]) -> None:
    assert denied(POLICIES["models"], {**OVER_TLS, **headers}) == by


def test_the_log_bucket_takes_logs_of_the_model_bucket_only() -> None:
    (allowed,) = [each for each in POLICIES["logs"]["Statement"] if each["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert allowed["Condition"] == {
        "ArnEquals": {"aws:SourceArn": MODELS},
        "StringEquals": {"aws:SourceAccount": "111122223333"},
    }


def test_a_load_balancer_writes_where_only_this_accounts_balancers_can() -> None:
    allowed = POLICIES["logs of a public endpoint"]["Statement"][-1]
    assert allowed["Resource"] == [f"{LOGS}/load-balancer/AWSLogs/111122223333/*"]
