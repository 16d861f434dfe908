"""All Kubernetes objects of a stack, wave by wave: a wave needs the one before it, and goes before it when all goes."""

from __future__ import annotations

from llmctl.serving.manifests import gateway, gpu_check, services
from llmctl.serving.manifests.accounts import hub_token_secret, keys_secret, service_account
from llmctl.serving.manifests.autoscaling import autoscalers
from llmctl.serving.manifests.checks import check
from llmctl.serving.manifests.disruption import disruption_budgets
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.model_server import model_server
from llmctl.serving.manifests.monitoring import monitors
from llmctl.serving.manifests.namespace import namespace
from llmctl.serving.manifests.network_policies import network_policies
from llmctl.serving.manifests.quota import priority_class, resource_quota
from llmctl.serving.manifests.spec import Manifest, StackSpec
from llmctl.serving.manifests.weights import configuration, fetched, relay, relay_service, relayed

Wave = tuple[Manifest, ...]


def waves(spec: StackSpec, *, hub_token: object | None = None) -> tuple[Wave, ...]:
    """In order of creation; none is empty. `hub_token`: a value that need not be known yet, for a Secret of the relay.

    Raises ManifestError for names that clash and networks that must not be.
    """
    check(spec)
    made = (
        (namespace(spec),),
        _rules(spec, hub_token),
        _names(spec),
        _relay(spec),
        _servers(spec),
        _watchers(spec),
    )
    return tuple(wave for wave in made if wave)


def objects(spec: StackSpec) -> tuple[Manifest, ...]:
    return tuple(manifest for wave in waves(spec) for manifest in wave)


def _rules(spec: StackSpec, hub_token: object | None) -> Wave:
    """What pods may do and be is there before any pod."""
    secrets = (keys_secret(spec), *((hub_token_secret(spec, hub_token),) if hub_token is not None else ()))
    return (
        priority_class(spec),
        resource_quota(spec),
        *(service_account(spec, component) for component in components(spec)),
        *secrets,
        *network_policies(spec),
    )


def components(spec: StackSpec) -> tuple[Component, ...]:
    return tuple(component for component in Component if component is not Component.WEIGHTS or relayed(spec))


def _names(spec: StackSpec) -> Wave:
    """What pods read and are found by."""
    return (
        gateway.configuration(spec),
        gateway.no_keys(spec),
        services.gateway(spec),
        *((gpu_check.configuration(spec),) if gpu_check.checked(spec) else ()),
        *((configuration(spec),) if fetched(spec) else ()),
        *((relay_service(spec),) if relayed(spec) else ()),
        *(services.ready(spec, model) for model in spec.models),
        *(services.known(spec, model) for model in spec.models),
    )


def _relay(spec: StackSpec) -> Wave:
    return (relay(spec),) if relayed(spec) else ()


def _servers(spec: StackSpec) -> Wave:
    return (gateway.gateway(spec), *(model_server(spec, model) for model in spec.models))


def _watchers(spec: StackSpec) -> Wave:
    return (*disruption_budgets(spec), *autoscalers(spec), *monitors(spec))
