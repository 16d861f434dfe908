"""Is the EKS cluster of a stack really gone? Only then may `down` finish without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmctl.infra.aws.account import Account
from llmctl.infra.aws.api import Api
from llmctl.infra.aws.guard import aws_of, check, live_endpoint
from llmctl.infra.aws.pins import pinned
from llmctl.infra.aws_settings import AwsSettings
from llmctl.infra.errors import Refused
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


def gone(settings: StackSettings, context: StackContext, state: Mapping[str, Any]) -> str:
    """What was found in its place. Raises Refused while the stack's own cluster is there, whether it answers or not."""
    aws = aws_of(settings)
    return ascertain(aws, Account.open(aws), context.stack, state)


def ascertain(settings: AwsSettings, api: Api, stack: str, state: Mapping[str, Any]) -> str:
    """The account says it, not a silent API server: a private one is silent to many. Raises AccountError's kinds."""
    check(settings, api, stack, _without_cluster(state))
    pins = pinned(state)
    if pins is None or pins.cluster is None:
        raise Refused(f"The state of {stack} knows of no cluster that could be gone. Take it down: llmctl down {stack}")
    now = live_endpoint(api, pins.cluster.name)
    if now is None:
        return f"{api.region} has no cluster {pins.cluster.name}"
    if now in ("", pins.cluster.endpoint):
        raise Refused(f"The cluster {pins.cluster.name} of {stack} is there. Take the stack down: llmctl down {stack}")
    return f"The cluster {pins.cluster.name} was made anew since ({now})"


def _without_cluster(state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Account and region are held to as ever."""
    kept = [each for each in state.get("resources") or () if each["type"].startswith("pulumi:")]
    return {**state, "resources": kept}
