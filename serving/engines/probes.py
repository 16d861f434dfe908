"""Probes and shutdown as numbers that follow from a spec: the same patience for every engine that answers over HTTP."""

from __future__ import annotations

import math

from llmctl.serving.engines.container import Probe, Probes, Shutdown

PERIOD_SECONDS = 10
TIMEOUT_SECONDS = 15
"""The kubelet's default is 1 s. A health route that waits for a running prefill then fails under load, and the pod is
taken out, or killed, just when it is busiest (huggingface/text-generation-inference#3241)."""

LIVENESS_PERIOD_SECONDS = 30
LIVENESS_FAILURES = 5
"""Two and a half minutes without an answer: a hang. A crash ends the process and needs no probe."""

ENDPOINT_REMOVAL_SECONDS = 10
"""Between SIGTERM's decision and the last balancer that has heard of it; new connections must still be taken."""


def health_probes(path: str, port: int, startup_seconds: int, why: str) -> Probes:
    """Startup for the whole cold start, readiness soon, liveness late. `why` says what the engine's route waits for."""
    startup = Probe(
        path=path,
        port=port,
        period=PERIOD_SECONDS,
        timeout=TIMEOUT_SECONDS,
        failure_threshold=max(1, math.ceil(startup_seconds / PERIOD_SECONDS)),
        why=f"a start may take {startup_seconds} s, by the startup budget; {why}",
    )
    readiness = Probe(
        path=path, port=port, period=PERIOD_SECONDS, timeout=TIMEOUT_SECONDS, failure_threshold=3, why=why
    )
    liveness = Probe(
        path=path,
        port=port,
        period=LIVENESS_PERIOD_SECONDS,
        timeout=LIVENESS_PERIOD_SECONDS,
        failure_threshold=LIVENESS_FAILURES,
        why="a hang only: a crash ends the process, and a busy engine must not be killed",
    )
    return Probes(startup=startup, readiness=readiness, liveness=liveness)


def drained_by_engine(graceful_seconds: int, cleanup_seconds: int, why: str) -> Shutdown:
    """For an engine that finishes its requests after SIGTERM by itself."""
    grace = ENDPOINT_REMOVAL_SECONDS + graceful_seconds + cleanup_seconds
    return Shutdown(pre_stop_seconds=ENDPOINT_REMOVAL_SECONDS, grace_seconds=grace, why=why)


def drained_before_sigterm(graceful_seconds: int, cleanup_seconds: int, why: str) -> Shutdown:
    """For an engine that drops its requests at SIGTERM: they must end before it is sent."""
    pre_stop = ENDPOINT_REMOVAL_SECONDS + graceful_seconds
    return Shutdown(pre_stop_seconds=pre_stop, grace_seconds=pre_stop + cleanup_seconds, why=why)
