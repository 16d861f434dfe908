"""From the settings of a stack to the StackSpec that its objects are made from: what was left open is decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from llmctl.infra.cluster_settings import GatewaySettings
from llmctl.infra.kubernetes.access import cluster_of, namespace
from llmctl.infra.kubernetes.cluster_facts import ClusterFacts
from llmctl.infra.kubernetes.names import model_names
from llmctl.infra.kubernetes.served_model import Asked, lacking, served_model, with_surge
from llmctl.infra.kubernetes.weights import ports, weights_of
from llmctl.infra.model_settings import ModelSettings
from llmctl.infra.serving_spec import Placement, placement
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.engines.behaviour import Purpose
from llmctl.serving.engines.container import Image
from llmctl.serving.engines.engine import platform_of
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.gateway.haproxy.container import IMAGE
from llmctl.serving.gateway.haproxy.gateway import HaproxyGateway
from llmctl.serving.gateway.spec import GatewaySpec, Route, RoutedModel
from llmctl.serving.images.lock_file import LockFile
from llmctl.serving.images.reference import parse_reference
from llmctl.serving.manifests.notes import notes
from llmctl.serving.manifests.services import KNOWN_SUFFIX
from llmctl.serving.manifests.spec import NetworkSpec, ServedModel, StackSpec
from llmctl.serving.manifests.weights import RELAYED
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.weights.spec import Weights


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What is asked of others than the cluster while a spec is made."""

    facts: Callable[[ModelSettings, str | None], ModelFacts]
    """Of a model, at the revision where its files were found."""

    list_files: Callable[[ModelSettings], Weights]
    """Of a model, where they come over the network."""

    locked: LockFile
    pool_labels: Callable[[Placement], Mapping[str, str]] = lambda _: {}
    """Of the nodes for such models, where the target makes the nodes; besides those that the stack file names."""


@dataclass(frozen=True, kw_only=True)
class Decided:
    spec: StackSpec
    choices: tuple[str, ...]
    """What the stack file left open, how it was decided, and why."""

    placements: Mapping[str, Placement]
    """By the name of the model's objects."""

    notes: tuple[str, ...]
    """What the user should know before: downtime, replicas that stay fixed. Sentences without their full stop."""


def stack_spec(settings: StackSettings, context: StackContext, cluster: ClusterFacts, outside: Outside) -> Decided:
    """Raises ModelError, HardwareError, SizingError, EngineError: which model cannot be served as asked, and why."""
    settings = settings.resolved()
    images = _Images(outside.locked)
    server = images.of(cluster_of(settings).server_image)
    labels, selector = model_names(settings.models), cluster_of(settings).node_selector
    asked = [_asked(name, label, settings, cluster, outside) for name, label in labels.items()]
    made = [
        served_model(each, server, images.digest_for(each), {**selector, **outside.pool_labels(each.where)})
        for each in asked
    ]
    models = with_surge(made, cluster.nodes)
    spec = _spec(settings, context, cluster, _Models(asked, models), images)
    choices = tuple(f"{each.name} {each.where.why}." for each in asked if each.model.accelerator == "auto")
    return Decided(
        spec=spec,
        choices=choices,
        placements={each.label: each.where for each in asked},
        notes=(*lacking(models, cluster.nodes), *notes(spec)),
    )


@dataclass(frozen=True)
class _Models:
    """What was asked of each model beside what it became."""

    asked: Sequence[Asked]
    made: tuple[ServedModel, ...]


def _asked(name: str, label: str, settings: StackSettings, cluster: ClusterFacts, outside: Outside) -> Asked:
    model = settings.models[name]
    local = weights_of(model, cluster.weights.get(label), outside.list_files, ServedModel.weights_path)
    facts = outside.facts(model, local.weights.revision if local.weights else None)
    return Asked(
        name=name,
        label=label,
        model=model,
        facts=facts,
        where=placement(model, facts),
        local=local,
        graceful_seconds=settings.graceful_seconds,
    )


def _spec(
    settings: StackSettings,
    context: StackContext,
    cluster: ClusterFacts,
    models: _Models,
    images: _Images,
) -> StackSpec:
    asked, where = settings.gateway or GatewaySettings(), namespace(settings, context)
    own = cluster_of(settings)
    gateway = replace(_gateway(asked, models, where, own.domain), drain_seconds=settings.graceful_seconds)
    return StackSpec(
        stack=context.stack,
        namespace=where,
        models=models.made,
        gateway=gateway,
        gateway_image=images.of(own.gateway_image) if own.gateway_image else images.pinned(IMAGE),
        gateway_files=HaproxyGateway().files(gateway),
        server_image=images.of(own.server_image),
        features=cluster.features,
        network=_network(settings, models),
        image_pull_secret=own.image_pull_secret,
        tls_secret=asked.tls_secret,
        prometheus=own.prometheus,
    )


def _gateway(asked: GatewaySettings, models: _Models, where: str, domain: str) -> GatewaySpec:
    return GatewaySpec(
        models=tuple(_routed(*pair, where, domain) for pair in zip(models.asked, models.made, strict=True)),
        gateways=asked.replicas,
        queue_seconds=asked.queue_seconds,
        queue_length=asked.queue_length,
        requests_per_minute=asked.requests_per_minute,
        body_bytes=asked.body_bytes,
        session_header=asked.session_header,
        tls=asked.tls_secret is not None,
    )


def _routed(asked: Asked, model: ServedModel, where: str, domain: str) -> RoutedModel:
    return RoutedModel(
        name=model.name,
        served_names=(model.served_name,),
        ready_host=f"{model.name}.{where}.svc.{domain}",
        known_host=f"{model.name}{KNOWN_SUFFIX}.{where}.svc.{domain}",
        port=model.container.port,
        slots=model.slots,
        accepts=asked.model.max_concurrent_requests,
        max_replicas=model.replicas.most,
        health_path=model.container.probes.readiness.path,
        routes=_routes(asked),
        startup_seconds=model.startup_seconds,
    )


FOR_CLIENTS = frozenset({Purpose.CHAT, Purpose.COMPLETION, Purpose.RESPONSES, Purpose.MESSAGES})
"""Of an engine's routes. The list of models and the health are the gateway's own."""


def _routes(asked: Asked) -> frozenset[Route]:
    api = ENGINES[asked.model.engine].behaviour.api
    allowed = (route.split(" ", 1) for route, what in api.items() if what.purpose in FOR_CLIENTS)
    return frozenset(Route(method=method, path=path) for method, path in allowed)


def _network(settings: StackSettings, models: _Models) -> NetworkSpec:
    """Where the relay may go: what is written, and where one model leaves it open, anywhere but inner networks."""
    sources = [each.weights for each in models.made if each.weights and each.weights.kind in RELAYED]
    network = NetworkSpec(
        monitoring_namespace=cluster_of(settings).monitoring_namespace,
        weights_ports=tuple(sorted({port for source in sources for port in ports(source)}))
        or NetworkSpec.weights_ports,
    )
    written = [model.weights.networks for model in settings.models.values() if model.weights.relayed]
    if not written or not all(written):
        return network
    return replace(network, weights=tuple(dict.fromkeys(cidr for each in written for cidr in each)), blocked=())


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

    def digest_for(self, asked: Asked) -> str | None:
        """Of the engine's image on what the model runs on."""
        image = ENGINES[asked.model.engine].images.get(platform_of(asked.where.accelerator))
        return self.pinned(image).digest if image else None
