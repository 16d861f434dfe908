"""What who deploys a stack should know of it before it happens, as sentences."""

from __future__ import annotations

from collections.abc import Iterator

from llmctl.serving.manifests import surge
from llmctl.serving.manifests.autoscaling import least, scaler, wants_scaling
from llmctl.serving.manifests.container import metrics_port_name
from llmctl.serving.manifests.namespace import BASELINE, as_root
from llmctl.serving.manifests.spec import ServedModel, StackSpec
from llmctl.serving.manifests.startup import progress_deadline_seconds


def notes(spec: StackSpec) -> tuple[str, ...]:
    return tuple(note for kind in (_root, _updates, _scaling, _monitoring, _images) for note in kind(spec))


def _root(spec: StackSpec) -> Iterator[str]:
    if root := as_root(spec):
        names = ", ".join(model.name for model in root)
        yield (
            f"the namespace {spec.namespace} is at Pod Security level {BASELINE}, not restricted: the engine's image "
            f"of {names} runs as root (without capabilities, on a read-only root)"
        )


def _updates(spec: StackSpec) -> Iterator[str]:
    for model in spec.models:
        if not model.surge:
            away = progress_deadline_seconds(model)
            yield surge.sentence(model.name, model.container.resources, model.replicas.least, away)


def _scaling(spec: StackSpec) -> Iterator[str]:
    for model in filter(wants_scaling, spec.models):
        if scaler(spec) is None:
            yield (
                f"{model.name} keeps {model.replicas.least} replicas and does not scale to {model.replicas.most}: "
                f"{_lacking(spec)}"
            )
        elif least(model) != model.replicas.least:
            yield f"{model.name} scales down to 1 replica, not to {model.replicas.least}: none would call one back"


def _lacking(spec: StackSpec) -> str:
    if spec.features.keda:
        return "KEDA is there, but the stack names no Prometheus that it could ask"
    return "the cluster has neither KEDA nor an adapter for external metrics"


def _monitoring(spec: StackSpec) -> Iterator[str]:
    if not spec.features.prometheus_operator:
        yield "nothing scrapes the stack and nobody is warned: the cluster has no Prometheus operator"
    for model in spec.models:
        if spec.features.prometheus_operator and metrics_port_name(model.container) == "http":
            yield _shared_port(spec, model)


def _shared_port(spec: StackSpec, model: ServedModel) -> str:
    return (
        f"pods of the namespace {spec.network.monitoring_namespace} can reach {model.name} past the gateway: "
        f"its metrics are on the port that answers requests ({model.container.port})"
    )


def _images(spec: StackSpec) -> Iterator[str]:
    """`llmctl images lock` asks the registries."""
    images = (spec.gateway_image, spec.server_image, *(model.container.image for model in spec.models))
    for image in dict.fromkeys(images):
        if image.digest is None:
            yield f"{image.reference} is not pinned to a digest: a registry may answer with another image tomorrow"
