"""Why a container of a pod does not do its work: weights, GPU check, engine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from llmctl.infra.diagnosis import Diagnosis
from llmctl.infra.kubernetes.diagnosis.words import Logs
from llmctl.infra.kubernetes.objects import is_going, is_ready, last_end, name, state
from llmctl.infra.kubernetes.phases import WEIGHTS_CONTAINER, Phase, current, is_init, phase
from llmctl.infra.kubernetes.snapshot import Snapshot
from llmctl.serving.engines.failures import engine_failure
from llmctl.serving.manifests.spec import Manifest

WEIGHTS_FAILURES: tuple[tuple[str, str, str], ...] = (
    (
        r"has the (?:SHA-256|git hash|size) |damaged",
        "a file of the weights is not what it should be",
        "Restore the file at its source; if the model has moved on, name its revision. llmctl serves no such file.",
    ),
    (
        r"need [\d.]+ GB more|[Nn]o space left|[Dd]isk (?:is )?full|quota exceeded",
        "the weights do not fit on the node's disk",
        "Use nodes with more disk, or a smaller quantization.",
    ),
    (
        r"\b401\b|[Uu]nauthorized",
        "the source of the weights wants a token",
        "Name a Secret with one: weights.credentials; for the Hub: pulumi config set --secret llmctl:hubToken",
    ),
    (
        r"\b403\b|[Ff]orbidden|gated|licen[cs]e",
        "the source of the weights does not give them to this token",
        "Accept the model's licence on its page with the account of the token, or grant the token access.",
    ),
    (
        r"\b404\b|[Nn]ot found|no such",
        "the source of the weights has no such file",
        "Correct the model's id, revision or weights.url.",
    ),
    (
        r"\b429\b|[Tt]oo many requests",
        "the source of the weights refuses more downloads for a while",
        "Wait, set a Hub token, or use a mirror or a bucket: weights.source.",
    ),
    (
        r"does not answer|broke off|refused|unreachable|cannot be reached|resolve|timed? ?out|reset",
        "the relay or the source behind it cannot be reached",
        "Look at the relay's log (kubectl logs deployment/weights), its network policy and weights.networks.",
    ),
)
"""Pattern, sentence, fix; the first that matches what the fetcher ended with (serving/weights/fetch)."""

FAILED = re.compile(r"^(?:weights|GPU check) failed: (.+)")
"""How the fetcher and the GPU check say why they end."""

OWN_CAUSE = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError")
"""Reasons to wait that other stages explain."""

SHOWN_LINES = 5
"""Of a log as evidence."""


def containers(snapshot: Snapshot, logs: Logs) -> Iterator[Diagnosis]:
    for pod in snapshot.pods:
        if not is_going(pod) and not is_ready(pod):
            yield from _of_pod(snapshot, pod, logs)


def _of_pod(snapshot: Snapshot, pod: Manifest, logs: Logs) -> Iterator[Diagnosis]:
    if pod.get("status", {}).get("reason") == "Evicted":
        yield _evicted(pod)
        return
    node = snapshot.node_of(pod)
    if node is not None and not node.ready:
        yield _on_a_dead_node(pod, node.name)
        return
    status = current(pod)
    waiting = (state(status, "waiting") or {}) if status else {}
    if status is None or waiting.get("reason") in OWN_CAUSE:
        return
    lines = logs.get((name(pod), status["name"]), ())
    if (end := last_end(status)) and (end.get("exitCode") or end.get("reason") == "OOMKilled"):
        yield _ended(snapshot, pod, status, end, lines)
    elif waiting.get("reason") in ("CreateContainerError", "RunContainerError", "CreatePodSandboxError"):
        yield _not_started(pod, status, str(waiting.get("message", "")))
    elif phase(snapshot, pod) not in (Phase.UNSCHEDULED, Phase.IMAGE):
        yield _on_its_way(snapshot, pod, status)


def _evicted(pod: Manifest) -> Diagnosis:
    said = str(pod["status"].get("message", "")).rstrip(".")
    return Diagnosis(
        sentence=f"{name(pod)} was evicted from its node: {said}.",
        fix="Free that on the node, or use a larger one; the Deployment has made another pod meanwhile.",
        about=f"pod/{name(pod)}",
        evidence=(said,),
        wrong=False,
    )


def _on_a_dead_node(pod: Manifest, node: str) -> Diagnosis:
    return Diagnosis(
        sentence=f"{name(pod)} is on node {node}, which is not ready.",
        fix=f"Repair or delete the node (kubectl describe node {node}); its pods are then made elsewhere.",
        about=f"pod/{name(pod)}",
    )


def _ended(
    snapshot: Snapshot, pod: Manifest, status: Mapping[str, Any], end: Mapping[str, Any], lines: Sequence[str]
) -> Diagnosis:
    sentence, fix = _cause(snapshot, pod, status, end, lines)
    again = f" {_times(status['restartCount'])}" if status.get("restartCount") else ""
    return Diagnosis(
        sentence=f"{_part(pod, status)} of {name(pod)} ended{again}: {sentence}.",
        fix=fix,
        about=f"pod/{name(pod)}",
        evidence=(_exit(end), *(line.rstrip() for line in lines[-SHOWN_LINES:])),
    )


def _cause(
    snapshot: Snapshot, pod: Manifest, status: Mapping[str, Any], end: Mapping[str, Any], lines: Sequence[str]
) -> tuple[str, str]:
    if end.get("reason") == "OOMKilled":
        return _out_of_memory(pod, status)
    if is_init(pod, status):
        return _init_cause(pod, status, end, lines)
    if failure := engine_failure(lines):
        return failure.sentence, failure.fix
    if killed := _killed_by_probe(snapshot, pod):
        return killed
    last = _last_line(lines)
    said = f"{_exit(end)}; its last words: {last}" if last else f"{_exit(end)}, without a word"
    return said, f"Read its log: llmctl logs STACK --replica {name(pod)}"


def _init_cause(
    pod: Manifest, status: Mapping[str, Any], end: Mapping[str, Any], lines: Sequence[str]
) -> tuple[str, str]:
    last = _why_it_ended(lines) or _exit(end)
    log = f"See: kubectl logs {name(pod)} -c {status['name']}"
    if status["name"] != WEIGHTS_CONTAINER:
        return f"the GPUs did not prove themselves: {last}", f"Cordon and replace the node, then delete the pod. {log}"
    for pattern, sentence, fix in WEIGHTS_FAILURES:
        if re.search(pattern, last):
            return f"{sentence} ({last})", fix
    return f"the weights did not come: {last}", log


def _out_of_memory(pod: Manifest, status: Mapping[str, Any]) -> tuple[str, str]:
    all_of_them = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]
    limits = [(one.get("resources") or {}).get("limits") or {} for one in all_of_them if one["name"] == status["name"]]
    limit = limits[0].get("memory") if limits else None
    within = f"its memory limit of {limit}" if limit else "the node's memory"
    return f"it needed more than {within}, and the kernel killed it (OOMKilled)", (
        "Lower maxTotalTokens or maxBatchSize, take a smaller quantization, or a machine with more memory."
    )


def _killed_by_probe(snapshot: Snapshot, pod: Manifest) -> tuple[str, str] | None:
    """By the kubelet, because a probe failed too often."""
    for event in snapshot.events_of(pod, "Pod"):
        said = str(event.get("message", ""))
        if event.get("reason") == "Killing" and "failed startup probe" in said:
            budget = startup_budget(pod)
            return (
                f"it did not answer within its start-up budget of {budget} s",
                f"Give the model more: startupSeconds above {budget}; what it was at: llmctl logs STACK",
            )
        if event.get("reason") == "Killing" and "failed liveness probe" in said:
            return "it hung: its health route stayed silent", "Read what it was at: llmctl logs STACK"
    return None


def _not_started(pod: Manifest, status: Mapping[str, Any], message: str) -> Diagnosis:
    return Diagnosis(
        sentence=f"{_part(pod, status)} of {name(pod)} cannot be started: {message.rstrip('.')}.",
        fix=f"The container runtime says so; see: kubectl describe pod {name(pod)}",
        about=f"pod/{name(pod)}",
        evidence=(message,),
    )


def _on_its_way(snapshot: Snapshot, pod: Manifest, status: Mapping[str, Any]) -> Diagnosis:
    """Within its budget it only takes its time; after that it never became ready."""
    budget, at = startup_budget(pod), phase(snapshot, pod)
    age = int((snapshot.taken - datetime.fromisoformat(pod["metadata"]["creationTimestamp"])).total_seconds())
    late = status.get("started") is True or (budget is not None and age > budget)
    running = bool(state(status, "running"))
    if late and running and not is_init(pod, status):
        return Diagnosis(
            sentence=f"{name(pod)} runs for {age} s and is not ready: {_probe_words(snapshot, pod)}.",
            fix=f"Read what it is at: llmctl logs STACK --replica {name(pod)}",
            about=f"pod/{name(pod)}",
        )
    within = f" of at most {budget} s" if budget else ""
    return Diagnosis(
        sentence=f"{name(pod)} is on its way ({at}) for {age} s{within}.",
        fix="Wait; llmctl status STACK shows how far it is.",
        about=f"pod/{name(pod)}",
        wrong=False,
    )


def _probe_words(snapshot: Snapshot, pod: Manifest) -> str:
    events = (e for e in snapshot.events_of(pod, "Pod") if e.get("reason") == "Unhealthy")
    return next((str(e["message"]).rstrip(".") for e in events), "its readiness probe does not pass")


def startup_budget(pod: Manifest) -> int | None:
    """Seconds that the startup probe gives the main container."""
    probe = pod["spec"]["containers"][0].get("startupProbe")
    if not probe:
        return None
    return int(probe.get("failureThreshold", 3) * probe.get("periodSeconds", 10) + probe.get("initialDelaySeconds", 0))


def _part(pod: Manifest, status: Mapping[str, Any]) -> str:
    if not is_init(pod, status):
        return "The server"
    return "Fetching the weights" if status["name"] == WEIGHTS_CONTAINER else "The check of the GPUs"


def _exit(end: Mapping[str, Any]) -> str:
    signal = f", signal {end['signal']}" if end.get("signal") else ""
    return f"exit code {end.get('exitCode')}{signal}"


def _last_line(lines: Sequence[str]) -> str:
    return next((line.strip().rstrip(".") for line in reversed(lines) if line.strip()), "")


def _why_it_ended(lines: Sequence[str]) -> str:
    said = (match[1] for line in reversed(lines) if (match := FAILED.match(line)))
    return next(said, _last_line(lines)).strip().rstrip(".")


def _times(restarts: int) -> str:
    return "once before" if restarts == 1 else f"{restarts} times before"
