"""The way to a cluster that a kubeconfig names."""

from __future__ import annotations

from llmctl.infra.kubernetes.access import context_of, kubeconfig_of
from llmctl.infra.kubernetes.account import Account
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


def door(settings: StackSettings, context: StackContext) -> Account:
    """Raises SettingsError where there is no such kubeconfig or context."""
    return Account.open(kubeconfig_of(settings, context), context_of(settings))
