"""The door to boto3, against a double on loopback that speaks AWS's protocols."""

from __future__ import annotations

from dataclasses import replace

import pytest
from doubles.aws_api import aws_that_refuses
from drivers.ports import free_port

from llmctl.infra.aws.account import REHEARSAL, Account
from llmctl.infra.aws_settings import AwsSettings
from llmctl.infra.errors import (
    AccountError,
    AccountForbidden,
    AccountThrottled,
    AccountUnreachable,
    CredentialsExpired,
    CredentialsRefused,
    NotInAccount,
    Refused,
    RegionDisabled,
)

SETTINGS = AwsSettings(region="eu-central-1", account="123456789012", owner="platform")


def asking(url: str) -> Account:
    """One attempt: what is retried is botocore's own and has its own tests."""
    return replace(Account.open(SETTINGS, {REHEARSAL: url}), attempts=1)


@pytest.mark.parametrize(
    ("code", "family", "words"),
    [
        ("ExpiredToken", CredentialsExpired, "have expired"),
        ("InvalidClientTokenId", CredentialsRefused, "not taken in eu-central-1"),
        ("SignatureDoesNotMatch", CredentialsRefused, "not taken in eu-central-1"),
        ("RequestExpired", CredentialsRefused, "clock"),
        ("AccessDenied", AccountForbidden, "sts:GetCallerIdentity is not allowed"),
        ("Throttling", AccountThrottled, "Run this again later"),
        ("SomethingElse", AccountError, "SomethingElse"),
    ],
)
def test_an_answer_of_sts_becomes_one_sentence_of_its_family(code: str, family: type[AccountError], words: str) -> None:
    with aws_that_refuses(code, "because of it") as aws, pytest.raises(AccountError) as raised:
        asking(aws.url).identity()
    assert type(raised.value) is family
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("service", "operation", "code", "family"),
    [
        ("ec2", "describe_vpcs", "UnauthorizedOperation", AccountForbidden),
        ("ec2", "describe_vpcs", "RequestLimitExceeded", AccountThrottled),
        ("ec2", "describe_vpcs", "AuthFailure", CredentialsRefused),
        ("ec2", "describe_vpcs", "InvalidVpcID.NotFound", NotInAccount),
        ("service-quotas", "list_services", "AccessDeniedException", AccountForbidden),
        ("service-quotas", "list_services", "UnrecognizedClientException", CredentialsRefused),
        ("service-quotas", "list_services", "TooManyRequestsException", AccountThrottled),
    ],
)
def test_each_service_says_it_in_words_of_its_own(
    service: str, operation: str, code: str, family: type[AccountError]
) -> None:
    with aws_that_refuses(code) as aws, pytest.raises(family):
        asking(aws.url).ask(service, operation)


def test_a_region_that_is_switched_off_is_told_from_wrong_credentials() -> None:
    with aws_that_refuses("InvalidClientTokenId", taken_in=frozenset({"us-east-1"})) as aws:
        with pytest.raises(RegionDisabled, match="aws account enable-region --region-name eu-central-1"):
            asking(aws.url).identity()
        assert aws.asked == ["eu-central-1", "us-east-1"], "the first region of the partition is asked, and only then"


def test_a_throttled_call_is_tried_again() -> None:
    with aws_that_refuses("Throttling") as aws:
        with pytest.raises(AccountThrottled):
            replace(asking(aws.url), attempts=2).identity()
        assert len(aws.asked) == 2


def test_nobody_there_is_unreachable_and_names_the_region() -> None:
    with pytest.raises(AccountUnreachable, match="eu-central-1"):
        asking(f"http://127.0.0.1:{free_port()}").identity()


def test_an_account_in_the_double_is_answered() -> None:
    with aws_that_refuses("never", taken_in=frozenset({"eu-central-1"})) as aws:
        identity = asking(aws.url).identity()
    assert (identity.account, identity.partition) == ("123456789012", "aws")


def test_a_rehearsal_asks_nothing_but_its_double() -> None:
    with aws_that_refuses("never", taken_in=frozenset({"eu-central-1"})) as aws:
        escaped = replace(asking(aws.url), endpoint=None)
        with pytest.raises(Refused, match=r"https://sts\.eu-central-1\.amazonaws\.com/ was not asked"):
            escaped.identity()
        assert aws.asked == []


def test_a_rehearsal_needs_a_double_on_this_machine() -> None:
    with pytest.raises(Refused, match="on this machine"):
        Account.open(SETTINGS, {REHEARSAL: "https://sts.amazonaws.com"})


def test_a_rehearsal_reads_no_credentials_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA" + "THEUSERSOWN12345")
    account = Account.open(SETTINGS, {REHEARSAL: "http://127.0.0.1:1"})
    assert account.session.get_credentials().access_key == "rehearsal"
