"""StackSpec: everything that the Kubernetes objects of one stack are made from. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmctl.serving.engines.container import ContainerSpec, Image
from llmctl.serving.gateway.spec import GatewaySpec
from llmctl.serving.spec import EngineName
from llmctl.serving.weights.spec import Weights

Manifest = dict[str, Any]
"""One Kubernetes object. Leaves may be values that a deployment tool knows later; nothing here looks into those."""


@dataclass(frozen=True, kw_only=True)
class Replicas:
    least: int
    most: int
    """More than `least`: scaled by the gateway's queue and requests in flight, where the cluster can."""


@dataclass(frozen=True, kw_only=True)
class GpuCheck:
    """What a GPU has to prove before its replica may take requests."""

    engine: EngineName
    """Whose image it is proven in: one with Python, or one without."""

    gpus: int
    memory: int
    """Bytes that each must show, at the least."""


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    name: str
    """A DNS label; its objects are called so, or begin with it."""

    served_name: str
    container: ContainerSpec
    replicas: Replicas
    slots: int
    startup_seconds: int
    """From the pod's creation to its first 200: image, weights at `bandwidth`, load, warm-up."""

    surge: bool
    """Whether the cluster has room for one replica more during an update; if not, the old one goes first."""

    weights: Weights | None = None
    weights_path: str = "/weights"
    gpu_check: GpuCheck | None = None
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Features:
    """What the cluster has, as its API says."""

    keda: bool = False
    external_metrics: bool = False
    prometheus_operator: bool = False


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """Which traffic there is besides the stack's own."""

    clients: tuple[Mapping[str, Any], ...] = ()
    """NetworkPolicy peers that may reach the gateway; empty: the whole cluster may, with a key."""

    monitoring_namespace: str = "monitoring"
    """Whose pods may scrape metrics."""

    dns_namespace: str = "kube-system"
    dns_addresses: tuple[str, ...] = ()
    """Of a DNS cache on the nodes, which no selector can name (NodeLocal DNSCache: 169.254.20.10)."""

    blocked: tuple[str, ...] = (
        "169.254.0.0/16",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fe80::/10",
        "fc00::/7",
    )
    """CIDRs that the relay may never reach on its way to the internet: metadata addresses and inner networks."""

    weights: tuple[str, ...] = ("0.0.0.0/0",)
    """CIDRs where the relay finds the weights."""

    weights_ports: tuple[int, ...] = (443,)
    """On which they are served there."""


@dataclass(frozen=True, kw_only=True)
class StackSpec:
    stack: str
    namespace: str
    models: tuple[ServedModel, ...]
    gateway: GatewaySpec
    gateway_image: Image
    gateway_files: Mapping[str, str]
    """File name -> text of the gateway's configuration, as its product made it."""

    server_image: Image
    """llmctl's own: relay and fetcher run from it."""

    features: Features = Features()
    network: NetworkSpec = NetworkSpec()
    image_pull_secret: str | None = None
    tls_secret: str | None = None
    prometheus: str | None = None
    """Address of a Prometheus, for KEDA."""
