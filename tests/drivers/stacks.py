"""Stacks as a test wants them: a small model on processors, models on GPUs, and what makes one differ from another."""

from __future__ import annotations

from llmctl.serving.engines.container import (
    ContainerSpec,
    Image,
    Metrics,
    Probe,
    Probes,
    Resources,
    Shutdown,
    Volume,
)
from llmctl.serving.gateway.haproxy.gateway import HaproxyGateway
from llmctl.serving.gateway.spec import GatewaySpec, Route, RoutedModel
from llmctl.serving.manifests import services
from llmctl.serving.manifests.spec import NetworkSpec, Replicas, ServedModel, StackSpec
from llmctl.serving.weights.spec import SourceKind, WeightFile, Weights

MIB = 1 << 20
DOMAIN = "cluster.local"

SERVER_IMAGE = Image(repository="llmctl/model-server", tag="0.1.0")
GATEWAY_IMAGE = Image(repository="docker.io/library/haproxy", tag="2.6.12")
USER = 65532


def _probe(path: str, period: int, failures: int) -> Probe:
    return Probe(path=path, port=8080, period=period, timeout=5, failure_threshold=failures, why="a small model")


IN_CLUSTER = NetworkSpec()

SMALL_SERVER = ContainerSpec(
    image=SERVER_IMAGE,
    command=(),
    args=("serve", "--port", "8080"),
    env={"HOME": "/tmp"},  # noqa: S108
    port=8080,
    probes=Probes(
        startup=_probe("/health", 1, 120), readiness=_probe("/health", 2, 3), liveness=_probe("/ping", 30, 5)
    ),
    shutdown=Shutdown(pre_stop_seconds=10, grace_seconds=130, why="requests end before it"),
    volumes=(Volume(name="tmp", path="/tmp", size=64 * MIB, why="temporary files"),),  # noqa: S108
    resources=Resources(gpu_resource=None, gpus=0, cpus=0.25, memory=512 * MIB, disk=256 * MIB),
    metrics=Metrics(path="/metrics", port=8080, names={"requests_running": "tgi_batch_current_size"}),
    health_means="the model answers",
    run_as_user=USER,
)

ROUTES = frozenset({Route(method="POST", path="/v1/chat/completions"), Route(method="GET", path="/health")})


def small_model(
    name: str = "smollm", *, least: int = 1, most: int = 1, surge: bool = True, weights: Weights | None = None
) -> ServedModel:
    return ServedModel(
        name=name,
        served_name=name,
        container=SMALL_SERVER,
        replicas=Replicas(least=least, most=most),
        slots=4,
        startup_seconds=120,
        surge=surge,
        weights=weights,
    )


def from_hub(*files: str, credentials: str | None = None) -> Weights:
    """A model of files that all are one million bytes."""
    return Weights(
        kind=SourceKind.HUB,
        url="https://huggingface.co",
        repository="owner/name",
        revision="0" * 40,
        files=tuple(WeightFile(path=path, size=1_000_000, sha256="a" * 64) for path in files or ("model.gguf",)),
        credentials=credentials,
    )


def routed(model: ServedModel, namespace: str) -> RoutedModel:
    return RoutedModel(
        name=model.name,
        served_names=(model.served_name,),
        ready_host=services.ready_host(model.name, namespace, DOMAIN),
        known_host=services.known_host(model.name, namespace, DOMAIN),
        port=model.container.port,
        slots=model.slots,
        max_replicas=model.replicas.most,
        health_path=model.container.probes.readiness.path,
        routes=ROUTES,
        startup_seconds=model.startup_seconds,
    )


def stack(*models: ServedModel, name: str = "dev", gateways: int = 2, network: NetworkSpec = IN_CLUSTER) -> StackSpec:
    namespace = f"llmctl-{name}"
    gateway = GatewaySpec(models=tuple(routed(model, namespace) for model in models), gateways=gateways)
    return StackSpec(
        stack=name,
        namespace=namespace,
        models=models,
        gateway=gateway,
        gateway_image=GATEWAY_IMAGE,
        gateway_files=HaproxyGateway().files(gateway),
        server_image=SERVER_IMAGE,
        network=network,
    )
