from __future__ import annotations

from typing import Any

import pytest

from llmctl.infra.rehearsal.kubernetes.readiness.judgement import Observed
from llmctl.infra.rehearsal.kubernetes.readiness.rules import RULES

REVISION = "deployment.kubernetes.io/revision"
AVAILABLE = {"type": "Available", "status": "True"}
COMPLETE = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
LATE = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "has timed out"}


def meta(uid: str = "u", owner: str = "", revision: str = "", generation: int = 1) -> dict[str, Any]:
    references = [{"uid": owner}] if owner else []
    annotations = {REVISION: revision} if revision else {}
    about = {"name": "x", "namespace": "n", "uid": uid, "generation": generation}
    return {**about, "ownerReferences": references, "annotations": annotations}


def deployment(*conditions: dict[str, str], revision: str = "1", observed: int = 1) -> dict[str, Any]:
    status = {"observedGeneration": observed, "conditions": list(conditions)}
    volumes = [{"persistentVolumeClaim": {"claimName": "x"}}]
    spec = {"replicas": 2, "template": {"spec": {"volumes": volumes}}}
    return {"metadata": meta(revision=revision), "spec": spec, "status": status}


def replica_set(ready: int, revision: str = "1") -> dict[str, Any]:
    about = meta("r", owner="u", revision=revision)
    return {"metadata": about, "spec": {"replicas": 2}, "status": {"readyReplicas": ready}}


def claim(phase: str) -> dict[str, Any]:
    return {"metadata": meta("c"), "spec": {"storageClassName": "x"}, "status": {"phase": phase}}


def service(**spec: Any) -> dict[str, Any]:
    return {"metadata": meta(), "spec": {"selector": {"app": "x"}, **spec}}


def endpoints(**subset: Any) -> dict[str, Any]:
    return {"metadata": meta("e"), "subsets": [subset] if subset else None}


def job(condition: str, reason: str = "", **status: Any) -> dict[str, Any]:
    conditions = [{"type": condition, "status": "True", "reason": reason, "message": "said"}]
    return {"metadata": meta(), "status": {"conditions": conditions, "startTime": "now", **status}}


def pod(*true: str, **status: Any) -> dict[str, Any]:
    conditions = [{"type": each, "status": "True"} for each in true]
    return {"metadata": meta("p", owner="r"), "status": {"conditions": conditions, **status}}


DEPLOYMENT, SERVICE, POD, JOB = ("apps/v1", "Deployment"), ("v1", "Service"), ("v1", "Pod"), ("batch/v1", "Job")
CLAIM, QUOTA = ("v1", "PersistentVolumeClaim"), ("v1", "ResourceQuota")
LATER_CLASS = {"metadata": meta("s"), "volumeBindingMode": "WaitForFirstConsumer"}

CASES: list[tuple[str, tuple[str, str], dict[str, Any], dict[str, Any], bool]] = [
    ("all pods of the first ReplicaSet", DEPLOYMENT, deployment(AVAILABLE), {"ReplicaSet": [replica_set(2)]}, True),
    ("a pod is missing", DEPLOYMENT, deployment(AVAILABLE), {"ReplicaSet": [replica_set(1)]}, False),
    ("not available", DEPLOYMENT, deployment(COMPLETE), {"ReplicaSet": [replica_set(2)]}, False),
    ("not seen", DEPLOYMENT, deployment(AVAILABLE, observed=0), {"ReplicaSet": [replica_set(2)]}, False),
    (
        "a later ReplicaSet that the controller has not called complete",
        DEPLOYMENT,
        deployment(AVAILABLE, revision="2"),
        {"ReplicaSet": [replica_set(2), replica_set(2, "2")]},
        False,
    ),
    (
        "a later ReplicaSet that is complete",
        DEPLOYMENT,
        deployment(AVAILABLE, COMPLETE, revision="2"),
        {"ReplicaSet": [replica_set(0), replica_set(2, "2")]},
        True,
    ),
    (
        "only the earlier ReplicaSet is ready",
        DEPLOYMENT,
        deployment(AVAILABLE, COMPLETE, revision="2"),
        {"ReplicaSet": [replica_set(2), replica_set(0, "2")]},
        False,
    ),
    (
        "a claim has no volume",
        DEPLOYMENT,
        deployment(AVAILABLE),
        {"ReplicaSet": [replica_set(2)], "PersistentVolumeClaim": [claim("Pending")]},
        False,
    ),
    ("no endpoints yet", SERVICE, service(), {}, False),
    ("endpoints without a pod", SERVICE, service(), {"Endpoints": [endpoints()]}, True),
    ("a ready pod", SERVICE, service(), {"Endpoints": [endpoints(addresses=[1])]}, True),
    ("a pod not ready", SERVICE, service(), {"Endpoints": [endpoints(addresses=[1], notReadyAddresses=[2])]}, False),
    ("headless", SERVICE, service(clusterIP="None"), {}, True),
    ("a mere name", SERVICE, service(type="ExternalName"), {}, True),
    ("a balancer has no address", SERVICE, service(type="LoadBalancer"), {"Endpoints": [endpoints()]}, False),
    ("a pod that serves", POD, pod("PodScheduled", "Initialized", "Ready"), {}, True),
    ("a pod without a node", POD, pod(), {}, False),
    ("a pod that has ended well", POD, pod("PodScheduled", "Initialized", phase="Succeeded"), {}, True),
    ("a job is done", JOB, job("Complete"), {}, True),
    ("a job failed", JOB, job("Failed", "BackoffLimitExceeded"), {}, False),
    ("a bound claim", CLAIM, claim("Bound"), {}, True),
    ("a claim that waits for its pod", CLAIM, claim("Pending"), {"StorageClass": [LATER_CLASS]}, True),
    ("a claim that waits for a volume", CLAIM, claim("Pending"), {}, False),
    ("a quota that was counted", QUOTA, {"metadata": meta(), "spec": {"hard": 1}, "status": {"hard": 1}}, {}, True),
    ("a quota that was not", QUOTA, {"metadata": meta(), "spec": {"hard": 1}}, {}, False),
]


@pytest.mark.parametrize(("kind", "live", "related", "ready"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_whether_it_is_ready(kind: tuple[str, str], live: Any, related: Any, ready: bool) -> None:
    assert RULES[kind].judge(Observed(live, related=related)).ready is ready


def test_endpoints_that_have_just_changed_are_not_trusted_yet() -> None:
    seen = Observed(service(), related={"Endpoints": [endpoints(addresses=[1])]}, quiet=False)
    assert not RULES[SERVICE].judge(seen).ready


def test_a_passed_progress_deadline_is_a_warning_and_a_reason_but_no_end() -> None:
    judgement = RULES[DEPLOYMENT].judge(Observed(deployment(LATE), related={"ReplicaSet": [replica_set(0)]}))
    assert judgement.warnings == ("[ProgressDeadlineExceeded] has timed out",)
    assert judgement.problems == (*judgement.warnings, "Minimum number of live Pods was not attained")
    assert not judgement.hopeless
    assert judgement.waiting_for == "Waiting for app ReplicaSet to be available (0/2 Pods available)"


def test_a_job_that_failed_for_good_is_not_waited_for() -> None:
    judgement = RULES[JOB].judge(Observed(job("Failed", "BackoffLimitExceeded")))
    assert judgement.hopeless
    assert judgement.problems == ("[BackoffLimitExceeded] said",)


def test_why_containers_do_not_run_is_among_the_reasons_of_a_deployment() -> None:
    waiting = {"waiting": {"reason": "ErrImagePull", "message": "not found"}}
    stuck = pod("PodScheduled", "Initialized", containerStatuses=[{"name": "c", "ready": False, "state": waiting}])
    related = {"ReplicaSet": [replica_set(0)], "Pod": [stuck]}
    judgement = RULES[DEPLOYMENT].judge(Observed(deployment(), related=related))
    assert judgement.problems[-1] == "[Pod n/x]: [ErrImagePull] not found"
