"""GatewaySpec: what the gateway of one stack has to do, before any product."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Route:
    method: str
    path: str


@dataclass(frozen=True, kw_only=True)
class RoutedModel:
    name: str
    """A DNS label, unique in the stack; the names of its objects begin with it."""

    served_names: tuple[str, ...]
    """What clients put into `model`: the model's own name first, then its adapters'."""

    ready_host: str
    """DNS name with one address for each ready replica (headless Service)."""

    known_host: str
    """DNS name with one address for each replica there is, ready or not: "comes back soon" or "there is none"."""

    port: int
    slots: int
    """Requests that one replica works on at the same time, for all gateways together."""

    accepts: int
    """Requests that one replica lets in, working and waiting in the engine; above that it refuses."""

    max_replicas: int
    health_path: str
    routes: frozenset[Route]
    """The only routes of the engine that clients reach."""

    startup_seconds: int
    """Budget of a replica's start; what Retry-After says while there is none that is ready."""


@dataclass(frozen=True, kw_only=True)
class GatewaySpec:
    models: tuple[RoutedModel, ...]
    gateways: int
    """How many there are; each holds 1/n of slots, queue and limits."""

    port: int = 8080
    tunnel_port: int = 8081
    """Plain HTTP on the pod's loopback, for port-forwards: a certificate is for the name that clients use."""

    metrics_port: int = 8405
    admin_port: int = 9999
    """The product's own administration, on the pod's loopback only: reached by port-forward, which RBAC guards."""

    queue_seconds: int = 30
    """A request waits at most this long for a slot; then 429."""

    queue_length: int = 256
    """Requests waiting per model, over all gateways; above it 429 at once."""

    requests_per_minute: int = 600
    """Of a key that has no limit of its own, over all gateways."""

    body_bytes: int = 2_000_000
    """Of a request; above it 413. TGI's own limit."""

    affinity_bytes: int = 131_072
    """Bodies up to this size are read for the affinity key; larger ones are balanced by load."""

    session_header: str = "X-Session-Id"
    answer_seconds: int = 600
    """Longest silence of an engine: an answer that is no stream sends nothing until it is whole."""

    client_seconds: int = 30
    """A client has this long to send its request, and to take what it was sent."""

    drain_seconds: int = 3600
    """A gateway that is being replaced lets running answers go on this long."""

    tls: bool = False
    """Whether a certificate is mounted at `certificate_file`."""

    certificate_file: str = "/etc/gateway/tls/tls.pem"
    keys_directory: str = "/etc/gateway/keys"
    """Where the Secret with the hashed keys is mounted."""
