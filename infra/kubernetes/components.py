"""The stack's objects as Pulumi resources: one component for each part, every wave after the one before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from llmctl.infra.kubernetes.object import KubernetesObject
from llmctl.serving.manifests.accounts import KEYS_SECRET
from llmctl.serving.manifests.labels import COMPONENT, MODEL, Component
from llmctl.serving.manifests.spec import Manifest

PARTS: Mapping[str, str] = {
    Component.GATEWAY: "llmctl:kubernetes:Gateway",
    Component.MODEL_SERVER: "llmctl:kubernetes:Model",
    Component.WEIGHTS: "llmctl:kubernetes:Weights",
}
FOUNDATION = "llmctl:kubernetes:Foundation"
"""What all parts stand on: namespace, quota, policies."""

CHANGED_ELSEWHERE: Mapping[str, Sequence[str]] = {KEYS_SECRET: ("data", "stringData")}
"""What `llmctl keys` writes between two deployments; Pulumi makes it once and then leaves it alone."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """Seconds that a Deployment may take. The provider goes by these alone: a missed progress deadline ends no wait."""

    create: int
    change: int
    """An update, or the end: running answers are waited for."""


class Part(pulumi.ComponentResource):
    """A part of a stack in a cluster; its children are the objects themselves."""


class Stack:
    """Registers waves of manifests under their parts."""

    def __init__(self, provider: pulumi.ProviderResource, patience: Mapping[str, Patience], name: str) -> None:
        """`patience`: by the name of the Deployment."""
        self._provider, self._patience, self._name = provider, patience, name
        self._parts: dict[str, Part] = {}

    def register(self, waves: Iterable[Iterable[Manifest]], after: Sequence[pulumi.Resource] = ()) -> None:
        """`after`: what the cluster has to have first, and keeps until these are gone."""
        before = [*after]
        for wave in waves:
            before = [self._object(manifest, before) for manifest in wave]
        for part in self._parts.values():
            part.register_outputs({})

    def _object(self, manifest: Manifest, after: list[pulumi.Resource]) -> KubernetesObject:
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        return KubernetesObject(
            f"{kind.lower()}-{name}",
            manifest,
            pulumi.ResourceOptions(
                parent=self._part(manifest),
                provider=self._provider,
                depends_on=after,
                ignore_changes=[*CHANGED_ELSEWHERE.get(name, ())],
                custom_timeouts=self._timeouts(kind, name),
            ),
        )

    def _timeouts(self, kind: str, name: str) -> pulumi.CustomTimeouts | None:
        allowed = self._patience.get(name) if kind == "Deployment" else None
        if allowed is None:
            return None
        create, change = f"{allowed.create}s", f"{allowed.change}s"
        return pulumi.CustomTimeouts(create=create, update=change, delete=change)

    def _part(self, manifest: Manifest) -> Part:
        labels = manifest["metadata"].get("labels", {})
        kind = PARTS.get(labels.get(COMPONENT, ""), FOUNDATION)
        name = labels.get(MODEL) or labels.get(COMPONENT) or self._name
        if name not in self._parts:
            self._parts[name] = Part(kind, name, None, pulumi.ResourceOptions())
        return self._parts[name]
