"""The cluster that a stack lives in is pinned: another one under the same context name is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmctl.infra.errors import Refused
from llmctl.infra.kubernetes.access import open_account
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext

PROVIDER = "pulumi:providers:kubernetes"
PINNED = "clusterIdentifier"
"""The provider's own setting for it: the plugin replaces everything when it changes, so it is never let change."""


def guard(settings: StackSettings, context: StackContext, state: Mapping[str, Any]) -> None:
    """Raises Refused for another cluster than the state is of, ClusterError's kinds where none answers."""
    was = pinned(state)
    if was is None:
        return
    account = open_account(settings, context)
    now = account.cluster_uid()
    if now != was:
        raise Refused(
            f"Stack {context.stack} was deployed to the cluster with the UID {was}, and context {account.context!r} "
            f"now leads to another one ({now}). Correct llmctl:cluster.context, or, where the old cluster is gone: "
            f"llmctl down {context.stack} --cluster-gone"
        )


def pinned(state: Mapping[str, Any]) -> str | None:
    """UID of the cluster that the stack's objects are in; None before the first `up` and after `down`."""
    providers = (each for each in state.get("resources") or () if each["type"] == PROVIDER)
    return next((each["inputs"][PINNED] for each in providers if PINNED in each.get("inputs", {})), None)
