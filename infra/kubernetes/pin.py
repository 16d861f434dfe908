"""Which cluster a stack is known to be in, for the commands that do not start Pulumi and so never see its state.

`guard` writes it down from Pulumi's state, `own_account` compares. Where nothing is written, the first command that
works on the stack goes by the labels of its namespace, and writes down the cluster it found them in.
"""

from __future__ import annotations

from pathlib import Path

from llmctl.infra.errors import ClusterForbidden, Refused
from llmctl.infra.kubernetes.access import namespace, open_account
from llmctl.infra.kubernetes.account import Account, named
from llmctl.infra.kubernetes.objects import labels
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.manifests.labels import INSTANCE, MANAGED_BY, owner
from llmctl.serving.manifests.spec import Manifest


def own_account(settings: StackSettings, context: StackContext, *, writes: bool) -> Account:
    """The door to the stack's cluster. Raises Refused for another cluster, and ClusterError's kinds.

    `writes`: for a command that changes something there, also Refused for a namespace of others, and where the
    credentials cannot tell which cluster it is.
    """
    account, known = open_account(settings, context), recorded(context)
    try:
        now = account.cluster_uid()
    except ClusterForbidden as error:
        if not writes:  # who may only look into one namespace can still do that
            return account
        raise Refused(
            f"It cannot be told whether context {account.context!r} leads to the cluster of {context.stack}: {error} "
            "The command needs the right to get the namespace kube-system."
        ) from error
    if known not in (None, now):
        raise Refused(
            f"Stack {context.stack} is in the cluster with the UID {known}, and context {account.context!r} now leads "
            f"to another one ({now}). Correct llmctl:cluster.context; where the stack was taken down since, this "
            f"looks again: llmctl preview {context.stack}"
        )
    if writes and known is None:
        _first_met(account, namespace(settings, context), context, now)
    return account


def _first_met(account: Account, where: str, context: StackContext, uid: str) -> None:
    try:
        found = account.find(named("/api/v1/namespaces", where))
    except ClusterForbidden:  # the labels cannot be seen; the cluster is written down all the same
        found = {"metadata": {"labels": owner(context.stack)}}
    if found is None:
        return
    if not is_of(found, context.stack):
        raise Refused(
            f"The namespace {where} in context {account.context!r} is not of stack {context.stack} ({whose(found)}). "
            "Correct llmctl:cluster.context or llmctl:cluster.namespace."
        )
    record(context, uid)


def recorded(context: StackContext) -> str | None:
    file = _file(context)
    return file.read_text(encoding="utf-8").strip() if file.exists() else None


def record(context: StackContext, uid: str | None) -> None:
    """None: the stack is in no cluster."""
    file = _file(context)
    if uid is None:
        file.unlink(missing_ok=True)
    elif recorded(context) != uid:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{uid}\n", encoding="utf-8")


def _file(context: StackContext) -> Path:
    return context.project.stack_home(context.stack) / "cluster-uid"


def is_of(found: Manifest, stack: str) -> bool:
    return owner(stack).items() <= labels(found).items()


def whose(found: Manifest) -> str:
    own = labels(found)
    if own.get(MANAGED_BY) != owner("")[MANAGED_BY]:
        return "llmctl did not make it"
    return f"it is of a stack {own.get(INSTANCE, 'without a name')} of another project, or of a state that was lost"
