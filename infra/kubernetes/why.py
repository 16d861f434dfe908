"""Why a stack in a cluster is in trouble: a snapshot, the last words of what ended, one cause and one fix."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from llmctl.infra.diagnosis import Diagnosis
from llmctl.infra.errors import ClusterError
from llmctl.infra.kubernetes.access import namespace
from llmctl.infra.kubernetes.account import Account, named, of_namespace
from llmctl.infra.kubernetes.diagnosis.causes import first_cause
from llmctl.infra.kubernetes.diagnosis.words import Logs
from llmctl.infra.kubernetes.names import model_names
from llmctl.infra.kubernetes.objects import is_going, is_ready, last_end, name, state
from llmctl.infra.kubernetes.phases import current
from llmctl.infra.kubernetes.pin import own_account
from llmctl.infra.kubernetes.snapshot import Snapshot, take_snapshot
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.manifests.spec import Manifest

LINES = 60
"""Of a log: a Python traceback and what led to it."""


def why(settings: StackSettings, context: StackContext) -> Diagnosis:
    """Raises ClusterError's kinds when the cluster does not answer."""
    account = own_account(settings, context, writes=False)
    expected = model_names(settings.models).values()
    return diagnose(account, take_snapshot(account, namespace(settings, context), expected), context.stack)


def diagnose(account: Account, snapshot: Snapshot, stack: str) -> Diagnosis:
    return first_cause(snapshot, last_words(account, snapshot)).of(stack)


def last_words(account: Account, snapshot: Snapshot) -> Logs:
    """The logs of the containers that ended, of pods that are not ready; those that cannot be had are left out."""
    ended = [(pod, status["name"]) for pod in snapshot.pods if (status := _ended(pod))]
    if not ended:
        return {}
    with ThreadPoolExecutor(min(len(ended), 8)) as pool:
        logs = pool.map(lambda pair: _log(account, snapshot.namespace, *pair), ended)
        return {(name(pod), container): lines for (pod, container), lines in zip(ended, logs, strict=True)}


def _ended(pod: Manifest) -> dict[str, str] | None:
    status = None if is_going(pod) or is_ready(pod) else current(pod)
    return dict(status) if status and last_end(status) else None


def _log(account: Account, where: str, pod: Manifest, container: str) -> list[str]:
    """Of the time before where it runs again: that is when it ended."""
    status = current(pod) or {}
    before = {"previous": "true"} if state(status, "running") else {}
    path = named(of_namespace(where, "pods"), name(pod), "log")
    try:
        return account.text(path, container=container, tailLines=str(LINES), **before).splitlines()
    except ClusterError:
        return []
