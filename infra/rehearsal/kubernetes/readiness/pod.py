"""A pod is ready when it is scheduled, initialized and ready; one that has succeeded is as good."""

from __future__ import annotations

from collections.abc import Iterator

from llmctl.infra.rehearsal.kubernetes.readiness.judgement import (
    Judgement,
    Manifest,
    Observed,
    conditions,
    shown,
    status,
)

STEPS = {"PodScheduled": "scheduled", "Initialized": "initialized", "Ready": "ready"}


def pod(seen: Observed) -> Judgement:
    step = _first_open(seen.live)
    if step is None:
        return Judgement(True)
    problems = tuple(pod_problems(seen.live))
    return Judgement(False, f'Waiting for Pod "{shown(seen.live)}" to be {STEPS[step]}', problems, problems)


def pod_problems(manifest: Manifest) -> Iterator[str]:
    """Why it is not ready, as far as it says."""
    step = _first_open(manifest)
    if step is None:
        return
    condition = conditions(manifest).get(step, {})
    said = condition.get("message", "") if condition.get("reason") else ""
    if step == "PodScheduled":
        yield from (said,) if said else ()
        return
    errors = "\n".join(_container_errors(manifest))
    if said or errors:
        yield f"[Pod {shown(manifest)}]: {said}{errors}"


def _first_open(manifest: Manifest) -> str | None:
    found = conditions(manifest)
    for step in STEPS:
        done = found.get(step, {}).get("status") == "True"
        if not done and not (step == "Ready" and status(manifest).get("phase") == "Succeeded"):
            return step
    return None


def _container_errors(manifest: Manifest) -> Iterator[str]:
    for container in status(manifest).get("containerStatuses") or ():
        if container.get("ready"):
            continue
        yield from _state(container["name"], container.get("state") or {})
        yield from _last(container["name"], (container.get("lastState") or {}).get("terminated"))


def _state(name: str, state: Manifest) -> Iterator[str]:
    waiting, terminated = state.get("waiting"), state.get("terminated")
    if waiting and waiting.get("reason") != "ContainerCreating":
        yield f"[{waiting.get('reason', '')}] {waiting.get('message', '')}"
    if terminated and terminated.get("reason"):
        said = terminated.get("message")
        code = terminated.get("exitCode")
        yield f"[{terminated['reason']}] {said}" if said else f'container "{name}" completed with exit code {code}'


def _last(name: str, terminated: Manifest | None) -> Iterator[str]:
    if terminated:
        how = f"{terminated.get('reason', '')}: exit code {terminated.get('exitCode')}"
        yield f'container "{name}" terminated at {terminated.get("finishedAt")} ({how})'
        yield from (terminated["message"],) if terminated.get("message") else ()
