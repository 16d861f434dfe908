"""Why requests are not answered although no pod is at fault: nothing is wanted, or the gateway is not there."""

from __future__ import annotations

from collections.abc import Iterator

from llmctl.infra.diagnosis import Diagnosis
from llmctl.infra.kubernetes.diagnosis.words import Logs
from llmctl.infra.kubernetes.objects import condition, name
from llmctl.infra.kubernetes.snapshot import GATEWAY, Snapshot
from llmctl.serving.manifests.spec import Manifest


def traffic(snapshot: Snapshot, _: Logs) -> Iterator[Diagnosis]:
    if snapshot.home is None:
        return
    gateway = snapshot.deployment(GATEWAY)
    if gateway is None:
        yield Diagnosis(
            sentence="The stack has no gateway: nobody can reach its models.",
            fix="Make it anew: llmctl up STACK",
            about=f"deployment/{GATEWAY}",
        )
    for missing in sorted({*snapshot.expected} - {name(each) for each in snapshot.models}):
        yield Diagnosis(
            sentence=f"The stack file has the model {missing}, and the cluster has no Deployment of it.",
            fix="Make it: llmctl up STACK",
            about=f"deployment/{missing}",
        )
    for each in [*([gateway] if gateway else []), *snapshot.models]:
        yield from _of_deployment(snapshot, each)


def _of_deployment(snapshot: Snapshot, deployment: Manifest) -> Iterator[Diagnosis]:
    who = name(deployment)
    if deployment["spec"].get("paused"):
        yield Diagnosis(
            sentence=f"The rollout of {who} is paused.",
            fix=f"Let it go on: kubectl -n {snapshot.namespace} rollout resume deployment/{who}",
            about=f"deployment/{who}",
        )
    if deployment["spec"].get("replicas", 1) == 0:
        yield Diagnosis(
            sentence=f"{who} has no replica, because none is wanted.",
            fix=f"llmctl scale STACK --model {who} --replicas 1" if who != GATEWAY else "llmctl up STACK",
            about=f"deployment/{who}",
        )
    elif not snapshot.pods_of(who):
        said = condition(deployment, "Progressing").get("message", "its controller has made none yet")
        yield Diagnosis(
            sentence=f"{who} has no pod: {str(said).rstrip('.')}.",
            fix=f"See: kubectl -n {snapshot.namespace} describe deployment {who}",
            about=f"deployment/{who}",
        )
