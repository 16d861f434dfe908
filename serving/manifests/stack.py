"""All Kubernetes objects of a stack, wave by wave: a wave needs the one before it, and goes before it when all goes."""

from __future__ import annotations

from llmctl.serving.manifests import services
from llmctl.serving.manifests.accounts import keys_secret, service_account
from llmctl.serving.manifests.autoscaling import autoscalers
from llmctl.serving.manifests.disruption import disruption_budgets
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.model_server import model_server
from llmctl.serving.manifests.monitoring import monitors
from llmctl.serving.manifests.namespace import namespace
from llmctl.serving.manifests.network_policies import network_policies
from llmctl.serving.manifests.quota import priority_class, resource_quota
from llmctl.serving.manifests.spec import Manifest, StackSpec

Wave = tuple[Manifest, ...]


def waves(spec: StackSpec) -> tuple[Wave, ...]:
    """In order of creation. None is empty."""
    made = ((namespace(spec),), _rules(spec), _names(spec), _servers(spec), _watchers(spec))
    return tuple(wave for wave in made if wave)


def objects(spec: StackSpec) -> tuple[Manifest, ...]:
    return tuple(manifest for wave in waves(spec) for manifest in wave)


def _rules(spec: StackSpec) -> Wave:
    """What pods may do and be is there before any pod."""
    accounts = (service_account(spec, component) for component in Component)
    return (priority_class(spec), resource_quota(spec), *accounts, keys_secret(spec), *network_policies(spec))


def _names(spec: StackSpec) -> Wave:
    return (
        *(services.ready(spec, model) for model in spec.models),
        *(services.known(spec, model) for model in spec.models),
    )


def _servers(spec: StackSpec) -> Wave:
    return tuple(model_server(spec, model) for model in spec.models)


def _watchers(spec: StackSpec) -> Wave:
    return (*disruption_budgets(spec), *autoscalers(spec), *monitors(spec))
