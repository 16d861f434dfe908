"""Before anything is made: can what the stack needs be had in its account, and will this machine reach it?"""

from __future__ import annotations

import socket
from collections.abc import Collection

import psutil

from llmctl.infra.aws.account import Account
from llmctl.infra.aws.api import Api
from llmctl.infra.aws.endpoint_reach import unreachable
from llmctl.infra.aws.guard import aws_of
from llmctl.infra.aws.quota_reader import read_facts
from llmctl.infra.aws.quotas import findings
from llmctl.infra.aws.tags import STACK
from llmctl.infra.aws_settings import AwsSettings
from llmctl.infra.preflight import Finding
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


def preflight(settings: StackSettings, context: StackContext) -> tuple[Finding, ...]:
    """Raises AccountError's kinds."""
    aws = aws_of(settings)
    return judged(aws, Account.open(aws), context.stack, own_addresses())


def judged(settings: AwsSettings, api: Api, stack: str, addresses: Collection[str]) -> tuple[Finding, ...]:
    """The same, by whoever answers for the account."""
    found = findings(settings, read_facts(api, settings, stack))
    return (*found, *unreachable(settings, vpc_cidrs(settings, api, stack), addresses))


def vpc_cidrs(settings: AwsSettings, api: Api, stack: str) -> tuple[str, ...]:
    """Of the VPC that is named, or that an earlier `up` has made."""
    existing = settings.network.existing
    one = {"Name": "vpc-id", "Values": [existing.vpc_id]} if existing else {"Name": f"tag:{STACK}", "Values": [stack]}
    vpcs = api.pages("ec2", "describe_vpcs", "Vpcs", Filters=[one])
    return tuple(str(each["CidrBlock"]) for vpc in vpcs for each in vpc["CidrBlockAssociationSet"])


def own_addresses() -> tuple[str, ...]:
    """IPv4 addresses of this machine."""
    interfaces = psutil.net_if_addrs().values()
    return tuple(each.address for found in interfaces for each in found if each.family == socket.AF_INET)
