"""A claim is bound, or waits for the pod that will use it. A quota is counted."""

from __future__ import annotations

from llmctl.infra.rehearsal.kubernetes.readiness.judgement import Judgement, Observed, shown, spec, status


def claim(seen: Observed) -> Judgement:
    phase = status(seen.live).get("phase", "Pending")
    classes = {each["metadata"]["name"]: each for each in seen.related.get("StorageClass", ())}
    mode = classes.get(spec(seen.live).get("storageClassName", ""), {}).get("volumeBindingMode", "")
    ready = phase == "Bound" or (mode == "WaitForFirstConsumer" and phase == "Pending")
    return Judgement(
        ready,
        f'Waiting for PersistentVolumeClaim "{shown(seen.live)}" to be bound',
        problems=(f"PersistentVolumeClaim: status.phase currently at: {phase}",),
    )


def quota(seen: Observed) -> Judgement:
    ready = spec(seen.live).get("hard") == status(seen.live).get("hard")
    return Judgement(ready, f'Waiting for ResourceQuota "{shown(seen.live)}" to be counted')
