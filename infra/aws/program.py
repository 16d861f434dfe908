"""The Pulumi program of a stack in AWS: the account's parts one after the other, then what runs in the cluster."""

from __future__ import annotations

import os

import pulumi

from llmctl.infra.aws.composition import Composition
from llmctl.infra.aws.decide import decide
from llmctl.infra.aws.door import door
from llmctl.infra.aws.guard import aws_of
from llmctl.infra.aws.lookups import Lookups
from llmctl.infra.aws.provider import account_provider
from llmctl.infra.errors import ClusterUnreachable
from llmctl.infra.kubernetes.access import namespace
from llmctl.infra.kubernetes.cluster_facts import ClusterFacts, read_cluster
from llmctl.infra.kubernetes.decide import outside
from llmctl.infra.kubernetes.program import export, tell
from llmctl.infra.kubernetes.stack_spec import Outside
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


def program(settings: StackSettings, context: StackContext) -> None:
    """Asks AWS, the cluster where there is one, and the Hub. Raises SettingsError and the kinds of decide."""
    token = pulumi.Config("llmctl").require_secret("hubToken") if "hubToken" in context.secrets else None
    declare(settings, context, _there(settings, context), outside(context, os.environ), token)


def declare(
    settings: StackSettings,
    context: StackContext,
    there: ClusterFacts,
    outside: Outside,
    hub_token: pulumi.Output[str] | None,
) -> None:
    """Stack outputs: `cluster`, `modelBucket`, `endpoint` (where it has an address of its own), and the cluster's."""
    aws = aws_of(settings)
    provider = account_provider(aws, context.stack)
    lookups = Lookups(provider)
    composition = Composition(settings, context, provider, lookups)
    decided = decide(settings, context, there, outside, composition.network.zones, lookups.offered)
    tell(decided.choices, decided.inside.notes)
    composition.compose(decided, hub_token)
    export(decided.inside.spec)


NOBODY_YET = ClusterFacts(uid="")
"""Of a cluster that is still to be made."""


def _there(settings: StackSettings, context: StackContext) -> ClusterFacts:
    """A cluster that is there and cannot be read is no reason to plan as if there were none: that is raised."""
    try:
        cluster = door(settings, context)
    except ClusterUnreachable:
        return NOBODY_YET
    return read_cluster(cluster, namespace(settings, context))
