"""A stack stays where it was deployed: another account, region or cluster is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmctl.infra.aws.account import Account
from llmctl.infra.aws.api import Api
from llmctl.infra.aws.pins import Cluster, Pins, pinned
from llmctl.infra.aws.place import Place
from llmctl.infra.aws_settings import AwsSettings
from llmctl.infra.errors import NotInAccount, Refused
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


def guard(settings: StackSettings, context: StackContext, state: Mapping[str, Any]) -> None:
    """Raises Refused; AccountError's kinds where the account cannot be asked."""
    check(aws_of(settings), Account.open(aws_of(settings)), context.stack, state)


def check(settings: AwsSettings, api: Api, stack: str, state: Mapping[str, Any]) -> None:
    """The same, by whoever answers for the account. What the state says costs no call, so it comes first."""
    pins = pinned(state)
    if pins is not None:
        _refuse_another_place(settings, pins, stack)
    _refuse_other_credentials(settings, api)
    if pins is not None and pins.cluster is not None:
        _refuse_another_cluster(api, pins.cluster, stack)


def aws_of(settings: StackSettings) -> AwsSettings:
    """The target's limits have refused a stack without."""
    if settings.aws is None:
        raise ValueError("an aws stack without llmctl:aws")
    return settings.aws


def live_endpoint(api: Api, name: str) -> str | None:
    """Of the cluster's API server; None where there is no such cluster. Empty while one is being made."""
    try:
        return str(api.ask("eks", "describe_cluster", name=name)["cluster"].get("endpoint") or "")
    except NotInAccount:
        return None


def _refuse_another_place(settings: AwsSettings, pins: Pins, stack: str) -> None:
    if pins.accounts and settings.account not in pins.accounts:
        raise Refused(
            f"Stack {stack} was deployed to the account {', '.join(sorted(pins.accounts))}, and llmctl:aws.account "
            f"says {settings.account}. Correct it, or, to move: llmctl down {stack} first."
        )
    if settings.region != pins.region:
        raise Refused(
            f"Stack {stack} was deployed to {pins.region}, and llmctl:aws.region says {settings.region}. Correct it, "
            f"or, to move: llmctl down {stack} first."
        )


def _refuse_other_credentials(settings: AwsSettings, api: Api) -> None:
    """The first `up` too: nothing is made in an account that the stack file does not name."""
    identity = api.identity()
    place = Place(account=settings.account, region=settings.region)
    if identity.partition != place.partition:
        raise Refused(
            f"The credentials ({identity.arn}) are of the partition {identity.partition}, and {settings.region} is in "
            f"{place.partition}. {_other(settings)}"
        )
    if identity.account != settings.account:
        raise Refused(
            f"The credentials ({identity.arn}) are of the account {identity.account}, and llmctl:aws.account says "
            f"{settings.account}. {_other(settings)}"
        )


def _other(settings: AwsSettings) -> str:
    return (
        "Name another profile in llmctl:aws.profile."
        if settings.profile
        else "Write llmctl:aws.profile or AWS_PROFILE."
    )


def _refuse_another_cluster(api: Api, was: Cluster, stack: str) -> None:
    now = live_endpoint(api, was.name)
    if now is None:
        raise Refused(
            f"The cluster {was.name} of {stack} is not in {api.region} any more. To forget what was in it and take "
            f"down the rest: llmctl down {stack} --cluster-gone"
        )
    if now and now != was.endpoint:
        raise Refused(
            f"The cluster {was.name} is not the one that {stack} was deployed to: it was made anew ({now}; it was "
            f"{was.endpoint}). To forget what was in the old one: llmctl down {stack} --cluster-gone"
        )
