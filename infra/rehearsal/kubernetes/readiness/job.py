"""A Job is ready when it has completed. One that failed for good is not waited for any longer."""

from __future__ import annotations

from llmctl.infra.rehearsal.kubernetes.readiness.judgement import Judgement, Observed, conditions, owned, shown, status
from llmctl.infra.rehearsal.kubernetes.readiness.pod import pod_problems


def job(seen: Observed) -> Judgement:
    found, state = conditions(seen.live), status(seen.live)
    failed = found.get("Failed", {})
    hopeless = failed.get("status") == "True" and failed.get("reason") in ("BackoffLimitExceeded", "DeadlineExceeded")
    said = (f"[{failed['reason']}] {failed.get('message', '')}",) if hopeless else ()
    pods = owned(seen.related.get("Pod", ()), seen.live)
    trouble = tuple(problem for each in pods for problem in pod_problems(each))
    counted = " | ".join(f"{each.title()}: {state.get(each, 0)}" for each in ("active", "succeeded", "failed"))
    progress = f"to succeed ({counted})" if state.get("startTime") else "to start"
    return Judgement(
        not hopeless and found.get("Complete", {}).get("status") == "True",
        f'Waiting for Job "{shown(seen.live)}" {progress}',
        # Pods that are not ready are the ordinary life of a Job.
        warnings=tuple(each for each in trouble if "containers with unready status" not in each),
        problems=(*said, *trouble),
        hopeless=hopeless,
    )
