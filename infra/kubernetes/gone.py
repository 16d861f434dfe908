"""Is the cluster of a stack really gone? Only then may `down` finish without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmctl.infra.errors import ClusterError, ClusterUnreachable, Refused, SettingsError
from llmctl.infra.kubernetes.access import open_account
from llmctl.infra.kubernetes.guard import pinned
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


def gone(settings: StackSettings, context: StackContext, state: Mapping[str, Any]) -> str:
    """What was found in its place. Raises Refused while the stack's own cluster answers, or is only slow."""
    stack = context.stack
    try:
        now = open_account(settings, context).cluster_uid()
    except SettingsError as error:
        return f"Its context cannot be used any more ({error})"
    except ClusterUnreachable as error:
        return f"Nobody answers at its address ({error})"
    except ClusterError as error:
        raise Refused(
            f"The cluster of {stack} is there, only slow or closed to you: {error} Its objects may live on: it is not "
            f"taken for gone. When it answers: llmctl down {stack}"
        ) from error
    if now == pinned(state):
        raise Refused(f"The cluster of {stack} is there and answers. Take the stack down: llmctl down {stack}")
    return f"Its context leads to another cluster now ({now})"
