"""The Pulumi program of a stack in a cluster: what its settings mean there, as resources."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pulumi

from llmctl.infra.kubernetes.access import context_of, kubeconfig_of
from llmctl.infra.kubernetes.components import Patience, Stack
from llmctl.infra.kubernetes.decide import decide
from llmctl.infra.kubernetes.object import cluster_provider
from llmctl.infra.plan import CHOICE, NOTE
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.manifests.services import GATEWAY
from llmctl.serving.manifests.spec import StackSpec
from llmctl.serving.manifests.stack import waves
from llmctl.serving.manifests.startup import MIN_READY_SECONDS, rollout_seconds


def program(settings: StackSettings, context: StackContext) -> None:
    """Declare the objects. Stack outputs: `namespace`, `gateway` (host in the cluster), `models`."""
    cluster, decided = decide(settings, context, os.environ)
    tell(decided.choices, decided.notes)
    provider = cluster_provider(
        "cluster",
        kubeconfig=kubeconfig_of(settings, context),
        context=context_of(settings),
        cluster_identifier=cluster.uid,
    )
    spec = decided.spec
    Stack(provider, patience(spec), spec.stack).register(waves(spec, hub_token=_hub_token(context)))
    export(spec)


def tell(choices: Iterable[str], notes: Iterable[str]) -> None:
    """To who reads the plan: `notes` come without their full stop."""
    for choice in choices:
        pulumi.log.info(f"{CHOICE}{choice}")
    for note in notes:
        pulumi.log.info(f"{NOTE}{note}.")


def export(spec: StackSpec) -> None:
    pulumi.export("namespace", spec.namespace)
    pulumi.export("gateway", f"gateway.{spec.namespace}.svc")
    pulumi.export("models", [model.served_name for model in spec.models])


def patience(spec: StackSpec) -> dict[str, Patience]:
    """A model's replicas start together within their budget, and are replaced one after the other."""
    servers = {
        model.name: Patience(
            create=model.startup_seconds + MIN_READY_SECONDS, change=rollout_seconds(model) + MARGIN_SECONDS
        )
        for model in spec.models
    }
    drained = GATEWAY_SECONDS + spec.gateway.gateways * spec.gateway.drain_seconds
    return {**servers, GATEWAY: Patience(create=GATEWAY_SECONDS, change=drained)}


GATEWAY_SECONDS = 600
"""What the provider gives a Deployment by itself."""

MARGIN_SECONDS = 30
"""After the cluster has given up on an update, so that its own reason is what is told."""


def _hub_token(context: StackContext) -> pulumi.Output[str] | None:
    return pulumi.Config("llmctl").require_secret("hubToken") if "hubToken" in context.secrets else None
