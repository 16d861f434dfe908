"""Why a deployment did not come up: the cause and the fix, in place of a time-out."""

from __future__ import annotations

from llmctl.infra.errors import AccountError, ClusterError
from llmctl.infra.kubernetes.access import namespace, open_account
from llmctl.infra.kubernetes.snapshot import take_snapshot
from llmctl.infra.kubernetes.why import diagnose
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


def explain(settings: StackSettings, context: StackContext) -> str | None:
    """None where nothing is wrong, nothing was made, or the cluster cannot be asked: then Pulumi's own word stays."""
    try:
        account = open_account(settings, context)
        snapshot = take_snapshot(account, namespace(settings, context))
        if snapshot.home is None:
            return None
        diagnosis = diagnose(account, snapshot, context.stack)
    except (ClusterError, AccountError):
        return None
    return f"{diagnosis.sentence} {diagnosis.fix}" if diagnosis.wrong else None
