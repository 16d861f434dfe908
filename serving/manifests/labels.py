"""Names and labels: how the objects of a stack say whose they are, and how they find each other."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from llmctl.serving.manifests.spec import Manifest, ServedModel, StackSpec

INSTANCE = "app.kubernetes.io/instance"
MANAGED_BY = "app.kubernetes.io/managed-by"
COMPONENT = "app.kubernetes.io/component"
MODEL = "llmctl/model"
CONTENT = "llmctl/configuration-sha256"
NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""What every namespace is labelled with by the API server: its name."""


class Component(StrEnum):
    GATEWAY = "gateway"
    MODEL_SERVER = "model-server"
    WEIGHTS = "weights"


def common(spec: StackSpec) -> dict[str, str]:
    """On every object: kubernetes.io/docs/concepts/overview/working-with-objects/common-labels."""
    return {**owner(spec.stack), "app.kubernetes.io/part-of": "llmctl"}


def owner(stack: str) -> dict[str, str]:
    """The labels by which an object is told to be of a stack."""
    return {INSTANCE: stack, MANAGED_BY: "llmctl"}


def selector(component: Component, model: ServedModel | None = None) -> dict[str, str]:
    """What picks the pods of a component, or of one model, in the stack's namespace. A Deployment's cannot change."""
    return {COMPONENT: component.value, **({MODEL: model.name} if model else {})}


def pod_labels(spec: StackSpec, component: Component, model: ServedModel | None = None) -> dict[str, str]:
    name = {"app.kubernetes.io/name": model.name if model else component.value}
    return {**common(spec), **name, **selector(component, model)}


def content_hash(*texts: str) -> str:
    """For an annotation of a pod that reads its configuration only when it starts: another text, other pods."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def metadata(
    spec: StackSpec, name: str, component: Component | None = None, model: ServedModel | None = None
) -> Manifest:
    labels = pod_labels(spec, component, model) if component else common(spec)
    return {"name": name, "namespace": spec.namespace, "labels": labels}


def cluster_metadata(spec: StackSpec, name: str) -> Manifest:
    """Of an object that lies in no namespace."""
    return {"name": name, "labels": common(spec)}
