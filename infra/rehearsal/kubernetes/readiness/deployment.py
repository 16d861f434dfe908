"""A Deployment is ready when its newest ReplicaSet has all pods that it wants, and the controller agrees.

A passed progress deadline is a warning, no end: the controller goes on, and so does the waiting, to the time-out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llmctl.infra.rehearsal.kubernetes.readiness.judgement import (
    Judgement,
    Manifest,
    Observed,
    conditions,
    is_observed,
    owned,
    spec,
    status,
)
from llmctl.infra.rehearsal.kubernetes.readiness.pod import pod_problems

REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class Rollout:
    revision: str
    """Of the ReplicaSet that the Deployment wants; empty before its controller has seen it."""

    available: bool
    progressed: bool
    """The controller says that the newest ReplicaSet is complete."""

    replicas_ready: bool
    ready: int
    wanted: int
    unbound: tuple[str, ...]
    """Claims of its volumes that have no volume yet."""

    @property
    def done(self) -> bool:
        # A first ReplicaSet is not rolled out but made: only later ones are reported as progress.
        agreed = self.progressed or self.revision == "1"
        return self.available and self.replicas_ready and agreed and not self.unbound


def deployment(seen: Observed) -> Judgement:
    rollout = _rollout(seen)
    said = _said_by_controller(seen.live)
    pods = [each for each in seen.related.get("Pod", ()) for newest in _newest(seen) if _is_of(each, newest)]
    trouble = tuple(problem for each in pods for problem in pod_problems(each))
    return Judgement(
        rollout.done,
        "Deployment initialization complete" if rollout.done else _progress(rollout),
        warnings=(*said, *(f"PersistentVolumeClaim: [{name}] is not ready" for name in rollout.unbound), *trouble),
        problems=(*said, *_problems(rollout), *trouble),
    )


def _progress(rollout: Rollout) -> str:
    return f"Waiting for app ReplicaSet to be available ({rollout.ready}/{rollout.wanted} Pods available)"


def _rollout(seen: Observed) -> Rollout:
    live, found = seen.live, conditions(seen.live)
    revision = _revision(live) if is_observed(live) else ""
    newest = next(_newest(seen), None) if revision else None
    wanted = spec(newest).get("replicas", 1) if newest else spec(live).get("replicas", 1)
    ready = status(newest).get("readyReplicas", 0) if newest else 0
    progressing = found.get("Progressing", {})
    return Rollout(
        revision=revision,
        available=found.get("Available", {}).get("status") == "True",
        progressed=progressing.get("status") == "True" and progressing.get("reason") == "NewReplicaSetAvailable",
        replicas_ready=newest is not None and ready >= wanted,
        ready=ready,
        wanted=wanted,
        unbound=tuple(_unbound(seen)),
    )


def _newest(seen: Observed) -> Iterator[Manifest]:
    sets = owned(seen.related.get("ReplicaSet", ()), seen.live)
    return (each for each in sets if _revision(each) == _revision(seen.live))


def _revision(manifest: Manifest) -> str:
    return str((manifest["metadata"].get("annotations") or {}).get(REVISION, ""))


def _is_of(pod: Manifest, owner: Manifest) -> bool:
    return any(True for _ in owned((pod,), owner))


def _unbound(seen: Observed) -> list[str]:
    volumes = spec(spec(seen.live).get("template", {})).get("volumes") or ()
    names = {volume["persistentVolumeClaim"]["claimName"] for volume in volumes if "persistentVolumeClaim" in volume}
    claims = [each for each in seen.related.get("PersistentVolumeClaim", ()) if each["metadata"]["name"] in names]
    return [each["metadata"]["name"] for each in claims if status(each).get("phase") != "Bound"]


def _said_by_controller(live: Manifest) -> tuple[str, ...]:
    found = conditions(live)
    bad = (found[each] for each in ("Progressing", "Available") if each in found and found[each]["status"] != "True")
    return tuple(f"[{each['reason']}] {each['message']}" for each in bad if each.get("reason") and each.get("message"))


def _problems(rollout: Rollout) -> tuple[str, ...]:
    claims = ",".join(rollout.unbound)
    found = [f'Failed to bind PersistentVolumeClaim(s): "{claims}"'] if claims else []
    if not rollout.available:
        found.append("Minimum number of live Pods was not attained")
    elif rollout.revision == "1" or not rollout.progressed:
        found.append("Minimum number of Pods to consider the application live was not attained")
    elif not rollout.replicas_ready:
        found.append("Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live")
    return tuple(found)
