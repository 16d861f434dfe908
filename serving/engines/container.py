"""ContainerSpec: a container as an engine wants it, before any orchestrator. Frozen, plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Image:
    """`repository:tag@digest`. A digest is only ever what a registry answered."""

    repository: str
    tag: str
    digest: str | None = None
    """sha256:<64 hex>; None: nobody has resolved it."""

    @property
    def reference(self) -> str:
        return f"{self.repository}:{self.tag}" + (f"@{self.digest}" if self.digest else "")


@dataclass(frozen=True, kw_only=True)
class SecretKey:
    """A value that lies in a secret of the orchestrator, never in the spec."""

    secret: str
    key: str


HUB_TOKEN = SecretKey(secret="hub-token", key="token")  # noqa: S106 (the name of a secret)
API_KEY = SecretKey(secret="api-key", key="key")  # noqa: S106 (the name of a secret)


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A GET on `path`; times are seconds."""

    path: str
    port: int
    period: int
    timeout: int
    failure_threshold: int
    why: str
    """Where the numbers come from."""


@dataclass(frozen=True, kw_only=True)
class Probes:
    startup: Probe
    readiness: Probe
    liveness: Probe | None


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A place that must be writable, also with a read-only root."""

    name: str
    path: str
    memory: bool = False
    """A tmpfs, which counts against the memory limit."""

    size: int | None = None
    """Bytes; None: as the node has it."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Shutdown:
    """SIGTERM comes after `pre_stop_seconds` (time for the endpoint to be taken out), SIGKILL after `grace_seconds`."""

    pre_stop_seconds: int
    grace_seconds: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Resources:
    gpu_resource: str | None
    """nvidia.com/gpu, amd.com/gpu, aws.amazon.com/neuron; None on the processor."""

    gpus: int
    cpus: float
    memory: int
    """Bytes, /dev/shm included."""

    disk: int
    """Bytes."""


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Where the engine's Prometheus text is, and its names for what the gateway, alerts and scaling ask."""

    path: str
    port: int
    names: Mapping[str, str | None]
    """Our word -> the engine's series: requests_running, requests_waiting, kv_cache_usage, prompt_tokens,
    generated_tokens, time_to_first_token, time_per_output_token, request_duration, request_failures. None: has none."""


@dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    image: Image
    command: tuple[str, ...]
    """Empty: the image's entrypoint."""

    args: tuple[str, ...]
    env: Mapping[str, str | SecretKey]
    port: int
    probes: Probes
    shutdown: Shutdown
    volumes: tuple[Volume, ...]
    resources: Resources
    metrics: Metrics
    health_means: str
    """What a 200 of the health route says, and what it does not."""

    run_as_user: int | None
    """Uid; None: the image runs as root and nothing else was found to work."""

    service_links: bool = False
    """Environment variables of other Services; off, because they collide with engines' own (PROMETHEUS_PORT=tcp://…)."""
