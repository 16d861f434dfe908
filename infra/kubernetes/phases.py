"""How far a replica is on its way to its first answer."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from llmctl.infra.kubernetes.objects import container_statuses, is_going, is_ready, state
from llmctl.infra.kubernetes.snapshot import Snapshot
from llmctl.serving.manifests.spec import Manifest

WEIGHTS_CONTAINER = "weights"
"""The init container that brings the weights."""


class Phase(StrEnum):
    UNSCHEDULED = "unscheduled"
    """No node has taken it."""

    SCHEDULED = "scheduled"
    """A node has taken it; volumes and sandbox are being made."""

    IMAGE = "image"
    """An image is being pulled."""

    WEIGHTS = "weights"
    """The weights are being fetched and verified."""

    CHECK = "check"
    """The GPUs prove themselves."""

    LOADING = "loading"
    """The engine runs and does not answer yet: it loads the model, or warms up."""

    WARM = "warm"
    """It takes requests."""

    CRASHED = "crashed"
    """A container ended, and waits to be started again."""

    GOING = "going"
    """It is being taken away and ends what it has begun."""


def phase(snapshot: Snapshot, pod: Manifest) -> Phase:
    if is_going(pod):
        return Phase.GOING
    if is_ready(pod):
        return Phase.WARM
    if not pod["spec"].get("nodeName"):
        return Phase.UNSCHEDULED
    status = current(pod)
    if status is None:
        return Phase.SCHEDULED
    if state(status, "terminated") or (state(status, "waiting") or {}).get("reason") == "CrashLoopBackOff":
        return Phase.CRASHED
    if state(status, "running"):
        return _running(pod, status)
    return Phase.IMAGE if _is_pulling(snapshot, pod, status) else Phase.SCHEDULED


def current(pod: Manifest) -> Mapping[str, Any] | None:
    """The status of the container that the pod is at: the first init container that has not done its work, else the
    one that is not ready. None: nothing has been reported of any."""
    inits = container_statuses(pod, init=True)
    undone = [one for one in inits if not (one.get("ready") or one.get("started"))]
    mains = container_statuses(pod, init=False)
    return next(iter([*undone, *(one for one in mains if not one.get("ready")), *mains]), None)


def is_init(pod: Manifest, status: Mapping[str, Any]) -> bool:
    return any(one["name"] == status["name"] for one in pod["spec"].get("initContainers") or ())


def _running(pod: Manifest, status: Mapping[str, Any]) -> Phase:
    if not is_init(pod, status):
        return Phase.LOADING
    return Phase.WEIGHTS if status["name"] == WEIGHTS_CONTAINER else Phase.CHECK


def _is_pulling(snapshot: Snapshot, pod: Manifest, status: Mapping[str, Any]) -> bool:
    waiting = state(status, "waiting") or {}
    if "Image" in waiting.get("reason", ""):
        return True
    told = (e for e in snapshot.events_of(pod, "Pod") if e.get("reason") in ("Pulling", "Pulled", "Failed"))
    newest = next((e for e in told if status["image"] in e["message"]), None)
    return newest is not None and newest["reason"] == "Pulling"
