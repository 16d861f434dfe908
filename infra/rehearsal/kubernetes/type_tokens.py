"""Resource types of the package kubernetes: `kubernetes:GROUP/VERSION:KIND`."""

from __future__ import annotations

from llmctl.infra.rehearsal.kubernetes.errors import Refused

CORE = "core"
"""How tokens name the group that manifests leave empty."""


def api_of_urn(urn: str) -> tuple[str, str]:
    """apiVersion and kind of a resource's type. Raises Refused for a type that no object has."""
    token = urn.split("::")[2].rpartition("$")[2]
    package, module, kind = token.split(":")
    if package != "kubernetes":
        raise Refused(f'unrecognized resource type: "{token}" for this provider')
    group, slash, version = module.partition("/")
    if not slash or not version:
        raise Refused(f'apiVersion does not have both a group and a version: "{module}"')
    return (version if group == CORE else module), kind


CLUSTER_SCOPED = frozenset(
    {
        "APIService",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "RuntimeClass",
        "StorageClass",
        "ValidatingWebhookConfiguration",
    }
)
"""Kinds of Kubernetes itself without a namespace, as far as programs declare them; for where nobody can be asked."""
