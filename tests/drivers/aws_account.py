"""An AWS account in this process: moto answers boto3, and what is in the account is made through boto3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from moto import mock_aws

from llmctl.infra.aws.account import Account
from llmctl.infra.aws_settings import AwsSettings

ACCOUNT = "123456789012"
"""moto's own."""

REGION = "eu-central-1"
SETTINGS = AwsSettings(region=REGION, account=ACCOUNT, owner="platform")


@contextmanager
def aws_account(settings: AwsSettings = SETTINGS) -> Iterator[Account]:
    """Empty but for what every account has: a default VPC, quotas."""
    with mock_aws():
        yield Account.open(settings, {})
