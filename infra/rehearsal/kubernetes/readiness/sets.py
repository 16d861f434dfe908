"""StatefulSets and DaemonSets: every pod of the newest revision is there and ready."""

from __future__ import annotations

from llmctl.infra.rehearsal.kubernetes.readiness.judgement import Judgement, Observed, is_observed, owned, spec, status
from llmctl.infra.rehearsal.kubernetes.readiness.pod import pod_problems


def stateful_set(seen: Observed) -> Judgement:
    live, state = seen.live, status(seen.live)
    wanted, ready = spec(live).get("replicas", 1), state.get("readyReplicas", 0)
    on_delete = (spec(live).get("updateStrategy") or {}).get("type") == "OnDelete"
    rolled_by_hand = on_delete and live["metadata"].get("generation", 0) > 1
    current, update = state.get("currentRevision", ""), state.get("updateRevision", "")
    revision_ready = rolled_by_hand or (current != "" and current == update)
    counted = state.get("replicas", 0), ready, *(() if rolled_by_hand else (state.get("currentReplicas", 0),))
    replicas_ready = all(count == wanted for count in counted)
    problems = [] if replicas_ready else [f"{ready} out of {wanted} replicas succeeded readiness checks"]
    if not revision_ready:
        problems.append(f'StatefulSet controller failed to advance from revision "{current}" to revision "{update}"')
    return Judgement(
        is_observed(live) and replicas_ready and revision_ready,
        f"Waiting for StatefulSet to create Pods ({ready}/{wanted} Pods ready)",
        warnings=_trouble(seen),
        problems=(*problems, *_trouble(seen)),
    )


def daemon_set(seen: Observed) -> Judgement:
    state = status(seen.live)
    wanted = state.get("desiredNumberScheduled", 0)
    counts = [state.get(f"{each}", 0) for each in ("updatedNumberScheduled", "numberAvailable", "numberReady")]
    ready = is_observed(seen.live) and "desiredNumberScheduled" in state and min(counts) >= wanted
    return Judgement(ready, f"Available: {counts[1]}/{wanted}", warnings=_trouble(seen), problems=_trouble(seen))


def _trouble(seen: Observed) -> tuple[str, ...]:
    pods = owned(seen.related.get("Pod", ()), seen.live)
    return tuple(problem for each in pods for problem in pod_problems(each))
