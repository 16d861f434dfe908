"""Stacks as a test wants them: a small model on processors, models on GPUs, and what makes one differ from another.

`PYTHONPATH=tests .venv/bin/python -m drivers.stacks` writes the golden files anew; look at the difference before you
commit it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from drivers.accelerators import H100, L4
from drivers.container_specs import ONE_GPU

from llmctl.serving.engines.container import Image
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.gateway.haproxy.gateway import HaproxyGateway
from llmctl.serving.gateway.spec import GatewaySpec, Route, RoutedModel
from llmctl.serving.manifests import services
from llmctl.serving.manifests.render import render
from llmctl.serving.manifests.spec import Features, GpuCheck, NetworkSpec, Replicas, ServedModel, StackSpec
from llmctl.serving.server.container import container as own_server
from llmctl.serving.spec import EngineName, HostNeeds, ServingSpec
from llmctl.serving.weights.spec import SourceKind, WeightFile, Weights

GOLDEN = Path(__file__).parents[1] / "unit/serving/manifests/golden"

MIB = 1 << 20
DOMAIN = "cluster.local"
IN_CLUSTER = NetworkSpec()

SERVER_IMAGE = Image(repository="llmctl/server", tag="0.1.0")
GATEWAY_IMAGE = Image(repository="docker.io/library/haproxy", tag="3.2")
ROUTES = frozenset({Route(method="POST", path="/v1/chat/completions"), Route(method="GET", path="/health")})

SMALL = ServingSpec(
    model="/weights/model.gguf",
    served_name="smollm",
    accelerator=None,
    gpus=0,
    max_total_tokens=2048,
    max_batch_size=4,
    host=HostNeeds(memory=768 * MIB, shared_memory=0, disk=256 * MIB, cpus=1),
    startup_seconds=120,
)
SMALL_SERVER = own_server(SMALL, SERVER_IMAGE)


def small_model(
    name: str = "smollm", *, least: int = 1, most: int = 1, surge: bool = True, weights: Weights | None = None
) -> ServedModel:
    """On a processor."""
    return ServedModel(
        name=name,
        served_name=name,
        container=SMALL_SERVER,
        replicas=Replicas(least=least, most=most),
        slots=4,
        startup_seconds=SMALL.startup_seconds,
        surge=surge,
        weights=weights,
    )


def on_gpus(
    name: str, engine: EngineName, *, gpus: int = 1, least: int = 1, most: int = 1, surge: bool = False
) -> ServedModel:
    """On L4s, or with several GPUs on H100s; an update has no room for one more unless `surge`."""
    path = "/weights/model.gguf" if engine is EngineName.LLAMACPP else "/weights"
    spec = replace(ONE_GPU, model=path, served_name=name, gpus=gpus, startup_seconds=900)
    return ServedModel(
        name=name,
        served_name=name,
        container=ENGINES[engine].container(spec, L4 if gpus == 1 else H100),
        replicas=Replicas(least=least, most=most),
        slots=16,
        startup_seconds=900,
        surge=surge,
        weights=from_hub("config.json", "model.safetensors", credentials="hub-token"),
        gpu_check=GpuCheck(engine=engine, gpus=gpus, memory=20 << 30),
        node_selector={"nvidia.com/gpu.product": "NVIDIA-L4"} if gpus == 1 else {},
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


def from_claim(claim: str, path: str) -> Weights:
    return replace(from_hub(), kind=SourceKind.PVC, url=f"{claim}/{path}", repository=None, revision=None)


def routed(model: ServedModel, namespace: str) -> RoutedModel:
    return RoutedModel(
        name=model.name,
        served_names=(model.served_name,),
        ready_host=services.ready_host(model.name, namespace, DOMAIN),
        known_host=services.known_host(model.name, namespace, DOMAIN),
        port=model.container.port,
        slots=model.slots,
        accepts=128,
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


def with_tls(spec: StackSpec) -> StackSpec:
    gateway = replace(spec.gateway, tls=True)
    return replace(spec, gateway=gateway, gateway_files=HaproxyGateway().files(gateway), tls_secret="endpoint-tls")


EVERYTHING = Features(keda=True, external_metrics=True, prometheus_operator=True)


def watched(spec: StackSpec, features: Features = EVERYTHING) -> StackSpec:
    """In a cluster that has all that can be had, and a Prometheus."""
    return replace(spec, features=features, prometheus="http://prometheus.monitoring.svc:9090")


def golden() -> dict[str, StackSpec]:
    """File name -> stack. The gateway's own files have golden files of their own, so here they are short."""
    scaled = on_gpus("chat", EngineName.TGI, least=1, most=3, surge=True)
    two_models = watched(stack(scaled, on_gpus("code", EngineName.VLLM, gpus=4), name="prod"))
    specs = {"a-model-on-a-processor": stack(small_model(weights=from_hub())), "two-models-on-gpus": two_models}
    return {f"{name}.yaml": replace(spec, gateway_files={"haproxy.cfg": "global\n"}) for name, spec in specs.items()}


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for file, spec in golden().items():
        (GOLDEN / file).write_text(render(spec), encoding="utf-8")
