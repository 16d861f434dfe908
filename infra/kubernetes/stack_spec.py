"""From the settings of a stack to the StackSpec that its objects are made from: what was left open is decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from llmctl.infra.cluster_settings import GatewaySettings
from llmctl.infra.errors import SettingsError
from llmctl.infra.kubernetes.access import cluster_of, namespace
from llmctl.infra.kubernetes.cluster_facts import ClusterFacts
from llmctl.infra.kubernetes.names import model_names
from llmctl.infra.kubernetes.served_model import Asked, served_model
from llmctl.infra.kubernetes.weights import weights_of
from llmctl.infra.model_settings import ModelSettings
from llmctl.infra.serving_spec import placement
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.engines.container import Image
from llmctl.serving.gateway.haproxy.gateway import GATEWAY, IMAGE
from llmctl.serving.gateway.spec import GatewaySpec, RoutedModel
from llmctl.serving.images.lock_file import LockFile
from llmctl.serving.images.reference import parse_reference
from llmctl.serving.manifests.services import known_host, ready_host
from llmctl.serving.manifests.spec import NetworkSpec, ServedModel, StackSpec
from llmctl.serving.manifests.surge import Surge
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.models.hub import Hub


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What is asked of others than the cluster while a spec is made."""

    facts: Callable[[ModelSettings], ModelFacts]
    hub: Callable[[], Hub]
    locked: LockFile


@dataclass(frozen=True, kw_only=True)
class Decided:
    spec: StackSpec
    choices: tuple[str, ...]
    """What the stack file left open, how it was decided, and why."""

    warnings: tuple[str, ...]
    """What the user should know before: downtime, replicas that stay fixed."""


def stack_spec(settings: StackSettings, context: StackContext, cluster: ClusterFacts, outside: Outside) -> Decided:
    """Raises ModelError, HardwareError, SizingError, EngineError: which model cannot be served as asked, and why."""
    settings = settings.resolved()
    images = _Images(outside.locked)
    server = images.of(cluster_of(settings).server_image)
    asked = [_asked(name, label, settings, context, cluster, outside) for name, label in _labels(settings).items()]
    made = [served_model(each, cluster, server, images.digest_of(each)) for each in asked]
    models = tuple(model for model, _ in made)
    spec = _spec(settings, context, cluster, models, images)
    choices = tuple(f"{each.name} {each.where.why}." for each in asked if each.model.accelerator == "auto")
    return Decided(spec=spec, choices=choices, warnings=_warnings(spec, [surge for _, surge in made]))


def _labels(settings: StackSettings) -> Mapping[str, str]:
    return model_names(settings.models)


def _asked(
    name: str, label: str, settings: StackSettings, context: StackContext, cluster: ClusterFacts, outside: Outside
) -> Asked:
    model = settings.models[name]
    facts = outside.facts(model)
    local = weights_of(
        model,
        cluster.weights.get(label),
        hub=outside.hub,
        hub_token="hubToken" in context.secrets,
        directory=ServedModel.weights_path,
    )
    return Asked(name=name, label=label, model=model, facts=facts, where=placement(model, facts), local=local)


def _spec(
    settings: StackSettings,
    context: StackContext,
    cluster: ClusterFacts,
    models: tuple[ServedModel, ...],
    images: _Images,
) -> StackSpec:
    asked, where = settings.gateway or GatewaySettings(), namespace(settings, context)
    own = cluster_of(settings)
    gateway = _gateway(asked, models, where, own.domain)
    return StackSpec(
        stack=context.stack,
        namespace=where,
        models=models,
        gateway=gateway,
        gateway_image=images.of(own.gateway_image) if own.gateway_image else images.pinned(IMAGE),
        gateway_files=GATEWAY.files(gateway),
        server_image=images.of(own.server_image),
        features=cluster.features,
        network=NetworkSpec(monitoring_namespace=own.monitoring_namespace, **_networks(settings)),
        image_pull_secret=own.image_pull_secret,
        tls_secret=asked.tls_secret,
        prometheus=own.prometheus,
    )


def _gateway(asked: GatewaySettings, models: tuple[ServedModel, ...], where: str, domain: str) -> GatewaySpec:
    return GatewaySpec(
        models=tuple(_routed(model, where, domain) for model in models),
        gateways=asked.replicas,
        queue_seconds=asked.queue_seconds,
        queue_length=asked.queue_length,
        requests_per_minute=asked.requests_per_minute,
        body_bytes=asked.body_bytes,
        session_header=asked.session_header,
        tls=asked.tls_secret is not None,
    )


def _routed(model: ServedModel, where: str, domain: str) -> RoutedModel:
    return RoutedModel(
        name=model.name,
        served_names=(model.served_name,),
        ready_host=f"{model.name}.{where}.svc.{domain}",
        known_host=f"{model.name}{KNOWN_SUFFIX}.{where}.svc.{domain}",
        port=model.container.port,
        slots=model.slots,
        max_replicas=model.replicas.most,
        health_path=model.container.probes.readiness.path,
        routes=model.routes,
        startup_seconds=model.startup_seconds,
    )


def _networks(settings: StackSettings) -> Mapping[str, tuple[str, ...]]:
    """Where the relay may go: what is written, and where one model leaves it open, anywhere but inner networks."""
    written = [model.weights.networks for model in settings.models.values()]
    if not all(written):
        return {}
    return {"weights": tuple(dict.fromkeys(each for networks in written for each in networks)), "blocked": ()}


@dataclass(frozen=True)
class _Images:
    """References as images, each with the digest that a registry gave for it, where one did."""

    locked: LockFile

    def of(self, reference: str) -> Image:
        parsed = parse_reference(reference)
        image = Image(repository=f"{parsed.host}/{parsed.repository}", tag=parsed.tag or "", digest=parsed.digest)
        return image if image.digest else self.pinned(image)

    def pinned(self, image: Image) -> Image:
        return replace(image, digest=self.locked.digest(image.reference))
