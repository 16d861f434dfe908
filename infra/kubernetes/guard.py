"""The cluster that a stack lives in is pinned: another one under the same context name is refused."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from llmctl.infra.errors import ClusterError, ClusterUnreachable, Refused
from llmctl.infra.kubernetes.access import namespace, open_account
from llmctl.infra.kubernetes.account import Account, named
from llmctl.infra.kubernetes.objects import is_going
from llmctl.infra.kubernetes.pin import is_of, record, whose
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.manifests.deployment import priority_class_name

NAMESPACE = "kubernetes:core/v1:Namespace"
PROVIDER = "pulumi:providers:kubernetes"
PINNED = "clusterIdentifier"
"""The provider's own setting for it: the plugin replaces everything when it changes, so it is never let change."""


def guard(settings: StackSettings, context: StackContext, state: Mapping[str, Any]) -> None:
    """Raises Refused for another cluster than the state is of, and for a namespace or PriorityClass that others
    have; ClusterError's kinds where no cluster answers. Which cluster the state is of is written down (see pin)."""
    was, account = pinned(state), open_account(settings, context)
    record(context, was)
    if was is None:
        with suppress(ClusterError):  # there is nothing yet, and the program says it when there has to be a cluster
            _refuse_what_others_have(account, namespace(settings, context), context.stack, state)
        return
    try:
        now = account.cluster_uid()
    except ClusterUnreachable as error:
        raise ClusterUnreachable(
            f"{error} If it is gone for good: llmctl down {context.stack} --cluster-gone"
        ) from error
    if now != was:
        raise Refused(
            f"Stack {context.stack} was deployed to the cluster with the UID {was}, and context {account.context!r} "
            f"now leads to another one ({now}). Correct llmctl:cluster.context, or, where the old cluster is gone: "
            f"llmctl down {context.stack} --cluster-gone"
        )
    _refuse_what_others_have(account, namespace(settings, context), context.stack, state)


def _refuse_what_others_have(account: Account, where: str, stack: str, state: Mapping[str, Any]) -> None:
    _refuse_namespace_of_others(account, where, stack, state)
    _refuse_priority_class_of_others(account, where, stack)


def _refuse_namespace_of_others(account: Account, where: str, stack: str, state: Mapping[str, Any]) -> None:
    """`up` would take it over, objects of the same names with it, and `down` would delete it with all that is in it.

    One with our labels is ours only where the state knows of a cluster: a killed `up` has made it. Without, it is of
    another project, or of a state that was lost.
    """
    found = account.find(named("/api/v1/namespaces", where))
    if found is None or where in _namespaces(state):
        return
    if is_going(found):
        raise Refused(f"The namespace {where} is being deleted. When it is gone, run this again.")
    if pinned(state) and is_of(found, stack):
        return
    raise Refused(
        f"The namespace {where} is there already and is not of this stack ({whose(found)}). Name another one in "
        f"llmctl:cluster.namespace, or, where nobody needs it: kubectl delete namespace {where}"
    )


def _refuse_priority_class_of_others(account: Account, where: str, stack: str) -> None:
    """It lies in no namespace, so `up` would change the order in which the pods of others are scheduled.

    Its name comes from the namespace's, so one with our labels is of nobody else, whatever the state knows.
    """
    name = priority_class_name(where)
    found = account.find(named("/apis/scheduling.k8s.io/v1/priorityclasses", name))
    if found is None or is_of(found, stack):
        return
    raise Refused(
        f"The PriorityClass {name} is there already and is not of this stack ({whose(found)}). Name another namespace "
        f"in llmctl:cluster.namespace, or, where nobody needs it: kubectl delete priorityclass {name}"
    )


def _namespaces(state: Mapping[str, Any]) -> set[str]:
    """That the stack has made."""
    return {str(each.get("id")) for each in state.get("resources") or () if each["type"] == NAMESPACE}


def pinned(state: Mapping[str, Any]) -> str | None:
    """UID of the cluster that the stack's objects are in; None before the first `up` and after `down`."""
    providers = (each for each in state.get("resources") or () if each["type"] == PROVIDER)
    return next((each["inputs"][PINNED] for each in providers if PINNED in each.get("inputs", {})), None)
