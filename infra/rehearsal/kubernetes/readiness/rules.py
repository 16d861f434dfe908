"""Which kinds are waited for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from llmctl.infra.rehearsal.kubernetes.readiness.claims import claim, quota
from llmctl.infra.rehearsal.kubernetes.readiness.deployment import deployment
from llmctl.infra.rehearsal.kubernetes.readiness.job import job
from llmctl.infra.rehearsal.kubernetes.readiness.judgement import Judgement, Observed
from llmctl.infra.rehearsal.kubernetes.readiness.pod import pod
from llmctl.infra.rehearsal.kubernetes.readiness.service import service
from llmctl.infra.rehearsal.kubernetes.readiness.sets import daemon_set, stateful_set


@dataclass(frozen=True)
class Rule:
    judge: Callable[[Observed], Judgement]
    related: tuple[tuple[str, str], ...] = ()
    """apiVersion and kind of what it wants to see beside the object."""

    limit_seconds: float | None = None
    """Where the original waits that long whatever customTimeouts say."""

    on_read: bool = False
    """Whether a refresh asks too, and notes an object that is not ready as one to be worked on."""


PODS = ("v1", "Pod")
CLAIMS = ("v1", "PersistentVolumeClaim")

RULES: dict[tuple[str, str], Rule] = {
    ("apps/v1", "Deployment"): Rule(deployment, (("apps/v1", "ReplicaSet"), PODS, CLAIMS), on_read=True),
    ("apps/v1", "StatefulSet"): Rule(stateful_set, (PODS,), on_read=True),
    ("apps/v1", "DaemonSet"): Rule(daemon_set, (PODS,), on_read=True),
    ("batch/v1", "Job"): Rule(job, (PODS,), on_read=True),
    ("v1", "Pod"): Rule(pod, on_read=True),
    ("v1", "Service"): Rule(service, (("v1", "Endpoints"),), on_read=True),
    ("v1", "PersistentVolumeClaim"): Rule(claim, (("storage.k8s.io/v1", "StorageClass"),), limit_seconds=300),
    ("v1", "ResourceQuota"): Rule(quota, limit_seconds=60),
}
