"""From a stack's settings to its cluster: the door, and the namespace behind it."""

from __future__ import annotations

from pathlib import Path

from llmctl.infra.cluster_settings import ClusterSettings
from llmctl.infra.kubernetes.account import Account
from llmctl.infra.kubernetes.names import namespace_of
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import TARGETS, StackContext


def cluster_of(settings: StackSettings) -> ClusterSettings:
    """The target's limits have refused a stack without."""
    if settings.cluster is None:
        raise ValueError("a kubernetes stack without llmctl:cluster")
    return settings.cluster


def kubeconfig_of(settings: StackSettings, context: StackContext) -> str | None:
    """The file that the stack names, absolute; None: what KUBECONFIG says, else ~/.kube/config."""
    written = cluster_of(settings).kubeconfig
    return str(context.project.stacks / Path(written).expanduser()) if written else None


def open_account(settings: StackSettings, context: StackContext) -> Account:
    """The cluster that a stack runs in, by its target's own way. Raises SettingsError, ClusterError's kinds, and those
    of the account that the cluster is in."""
    opened: Account = TARGETS[settings.target].door()(settings, context)
    return opened


def context_of(settings: StackSettings) -> str:
    """The target's limits have refused a stack without."""
    if (context := cluster_of(settings).context) is None:
        raise ValueError("a kubernetes stack without llmctl:cluster.context")
    return context


def namespace(settings: StackSettings, context: StackContext) -> str:
    return cluster_of(settings).namespace or namespace_of(context.stack)
