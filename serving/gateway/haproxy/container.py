"""One HAProxy as a container."""

from __future__ import annotations

from llmctl.serving.engines.container import ContainerSpec, Image, Metrics, Probe, Probes, Resources, Shutdown
from llmctl.serving.engines.probes import ENDPOINT_REMOVAL_SECONDS
from llmctl.serving.gateway.haproxy.process import LUA_MEGABYTES, buffer_bytes
from llmctl.serving.gateway.haproxy.share import requests
from llmctl.serving.gateway.spec import GatewaySpec

FILES_DIRECTORY = "/etc/gateway/configuration"

IMAGE = Image(repository="docker.io/library/haproxy", tag="2.6")
"""The official image of the series that the tests run (Debian's 2.6.12). It was not pulled here."""

USER = 99
"""Of the official image (docker-library/haproxy, 3.2/Dockerfile: `useradd --uid 99`); ours runs as any."""

EXIT_SECONDS = 10
"""After `hard-stop-after`, until the process is gone."""


def haproxy_container(spec: GatewaySpec, image: Image) -> ContainerSpec:
    return ContainerSpec(
        image=image,
        # In the foreground and without a master process, so that the container's signals are HAProxy's own.
        command=("haproxy",),
        args=("-db", "-f", f"{FILES_DIRECTORY}/haproxy.cfg"),
        env={},
        port=spec.port,
        probes=_probes(spec.metrics_port),
        shutdown=_shutdown(spec),
        volumes=(),
        resources=Resources(gpu_resource=None, gpus=0, cpus=1, memory=_memory(spec), disk=0),
        metrics=_metrics(spec.metrics_port),
        health_means="/ping: this gateway takes requests. /health: every model has a replica that is ready",
        run_as_user=USER,
    )


def _probes(port: int) -> Probes:
    def probe(path: str, period: int, failures: int, why: str) -> Probe:
        return Probe(path=path, port=port, period=period, timeout=5, failure_threshold=failures, why=why)

    return Probes(
        startup=probe(
            "/ready", 1, 30, "ready once DNS and health checks have answered, 10 s after the start at the latest"
        ),
        readiness=probe("/ready", 5, 2, "stays ready without replicas: it tells clients when to come back"),
        liveness=probe("/live", 10, 6, "a minute without an answer: a hang"),
    )


def _shutdown(spec: GatewaySpec) -> Shutdown:
    return Shutdown(
        pre_stop_seconds=ENDPOINT_REMOVAL_SECONDS,
        grace_seconds=ENDPOINT_REMOVAL_SECONDS + spec.drain_seconds + EXIT_SECONDS,
        # docker-library/haproxy says so in its Dockerfile, and why: SIGTERM closes all connections at once.
        why="the image's StopSignal must be SIGUSR1: the listeners close, running streams end in peace",
    )


BASE_BYTES = 64 * 1024**2
"""The process itself: 16 MB measured at rest, with room for idle connections and TLS."""


def _memory(spec: GatewaySpec) -> int:
    """One buffer for each request that works or waits, as measured."""
    return BASE_BYTES + LUA_MEGABYTES * 1024**2 + requests(spec) * buffer_bytes(spec)


def _metrics(port: int) -> Metrics:
    series = dict.fromkeys(
        (
            "kv_cache_usage",
            "prompt_tokens",
            "generated_tokens",
            "time_to_first_token",
            "time_per_output_token",
            "request_duration",
            "request_failures",
        )
    )
    inside = {
        # Label proxy="model-NAME". Sessions of a backend are those that wait and those that a replica works on.
        "requests_running": "haproxy_backend_current_sessions",
        "requests_waiting": "haproxy_backend_current_queue",
    }
    return Metrics(path="/metrics", port=port, names={**series, **inside})
