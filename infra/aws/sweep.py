"""After `down`: what of the stack is still in its account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmctl.infra.aws.account import Account
from llmctl.infra.aws.guard import aws_of
from llmctl.infra.aws.inventory import Source, Stack, entries
from llmctl.infra.aws.inventory_reader import AccountInventory
from llmctl.infra.aws.names import Names
from llmctl.infra.aws.place import Place
from llmctl.infra.aws_settings import AwsSettings
from llmctl.infra.deployment.held import still_held
from llmctl.infra.receipt import Entry
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


def sweep(settings: StackSettings, context: StackContext, state: Mapping[str, Any]) -> tuple[Entry, ...]:
    """Raises AccountError's kinds. `state`: what Pulumi still has after the destroy."""
    aws = aws_of(settings)
    place = Place(account=aws.account, region=aws.region)
    return swept(aws, AccountInventory(Account.open(aws), place), context.stack, state)


def swept(settings: AwsSettings, source: Source, stack: str, state: Mapping[str, Any]) -> tuple[Entry, ...]:
    """The same, by whoever answers for the account."""
    place = Place(account=settings.account, region=settings.region)
    known = Stack(name=stack, cluster=Names(stack, place).cluster, own_cluster=settings.eks.attach is None)
    return entries(source.things(known), kept_arns(state))


def kept_arns(state: Mapping[str, Any]) -> frozenset[str]:
    """Of what a destroy has left in the state, because it is protected or needed by what is."""
    return frozenset(entry.name for entry in still_held(state) if entry.kept)
