"""All Kubernetes objects of a stack, wave by wave: a wave needs the one before it, and goes before it when all goes."""

from __future__ import annotations

from llmctl.serving.manifests import accounts, model_server, services
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.namespace import namespace
from llmctl.serving.manifests.network_policies import network_policies
from llmctl.serving.manifests.quota import priority_class
from llmctl.serving.manifests.spec import Manifest, StackSpec

Wave = tuple[Manifest, ...]


def waves(spec: StackSpec) -> tuple[Wave, ...]:
    """In order of creation. None is empty."""
    made = ((namespace(spec),), _rules(spec), _names(spec), _servers(spec))
    return tuple(wave for wave in made if wave)


def objects(spec: StackSpec) -> tuple[Manifest, ...]:
    return tuple(manifest for wave in waves(spec) for manifest in wave)


def _rules(spec: StackSpec) -> Wave:
    return (
        priority_class(spec),
        *network_policies(spec),
        *(accounts.service_account(spec, component) for component in Component),
    )


def _names(spec: StackSpec) -> Wave:
    return (
        *(services.ready(spec, model) for model in spec.models),
        *(services.known(spec, model) for model in spec.models),
    )


def _servers(spec: StackSpec) -> Wave:
    return tuple(model_server.model_server(spec, model) for model in spec.models)
