"""The namespace, and how little its pods may do."""

from __future__ import annotations

from llmctl.serving.manifests import labels
from llmctl.serving.manifests.container import LEAST_KUBERNETES
from llmctl.serving.manifests.spec import Manifest, ServedModel, StackSpec

RESTRICTED = "restricted"
BASELINE = "baseline"

VERSION = f"v{LEAST_KUBERNETES[0]}.{LEAST_KUBERNETES[1]}"
"""Whose rules are enforced. Not `latest`: an update of the cluster would then refuse pods that ran the day before."""


def namespace(spec: StackSpec) -> Manifest:
    """Pod Security admission enforces `level`, and warns of whatever is not restricted in any case."""
    made = labels.cluster_metadata(spec, spec.namespace)
    made["labels"] |= {
        "pod-security.kubernetes.io/enforce": level(spec),
        "pod-security.kubernetes.io/enforce-version": VERSION,
        "pod-security.kubernetes.io/warn": RESTRICTED,
        "pod-security.kubernetes.io/warn-version": VERSION,
        "pod-security.kubernetes.io/audit": RESTRICTED,
        "pod-security.kubernetes.io/audit-version": VERSION,
    }
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": made}


def level(spec: StackSpec) -> str:
    """`restricted` forbids root, which the images of some engines need; all the rest of it their pods keep as well."""
    return BASELINE if as_root(spec) else RESTRICTED


def as_root(spec: StackSpec) -> tuple[ServedModel, ...]:
    return tuple(model for model in spec.models if model.container.run_as_user is None)
