"""One Kubernetes object as a resource of a Pulumi program, and the provider that has a cluster.

The engine gets the type token, the inputs and the plugin that the SDK pulumi-kubernetes would give it, so state and
plugin are interchangeable with a program that uses the SDK. Without it: it is 20 MB of generated code, takes 0.5 s to
import, and wants its own argument classes where there are plain dicts already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

PLUGIN_VERSION = "4.34.2"
"""Of the provider plugin pulumi-kubernetes: pulumi-plugin.json of that release of its Python SDK on PyPI."""

FIELD_MANAGER = "llmctl"
FIELD_MANAGER_ANNOTATION = "pulumi.com/patchFieldManager"

PROVIDER_TYPE = "kubernetes"
"""Becomes `pulumi:providers:kubernetes`."""


def type_token(api_version: str, kind: str) -> str:
    """`kubernetes:apps/v1:Deployment`; the group of `v1` is called core."""
    return f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{kind}"


class KubernetesObject(pulumi.CustomResource):
    """An object from its manifest; any value in it, `metadata.name` too, may be an Output.

    The plugin applies it, waits until it is ready (`pulumi.com/skipAwait: "true"` among its annotations: not),
    at most for `customTimeouts`, ten minutes where the caller sets none. The id is `namespace/name`.
    """

    metadata: pulumi.Output[dict[str, Any]]
    status: pulumi.Output[dict[str, Any] | None]

    def __init__(self, name: str, manifest: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        inputs = _owned(manifest)
        if inputs["kind"] == "Secret":
            inputs |= {key: pulumi.Output.secret(inputs[key]) for key in SECRET_FIELDS if key in inputs}
            opts = pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions(additional_secret_outputs=[*SECRET_FIELDS]), opts
            )
        opts = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version=PLUGIN_VERSION), opts)
        super().__init__(type_token(inputs["apiVersion"], inputs["kind"]), name, {"status": None, **inputs}, opts)


SECRET_FIELDS = ("data", "stringData")


def _owned(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """With one field manager for all runs; the plugin makes up another name at every create.

    A create that was killed leaves an object behind. The next one takes it over, and only under the same name do the
    fields have one owner afterwards; with two, the first change to one of them is refused as a conflict.
    """
    metadata = dict(manifest.get("metadata") or {})
    annotations = {FIELD_MANAGER_ANNOTATION: FIELD_MANAGER, **(metadata.get("annotations") or {})}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


class ClusterProvider(pulumi.ProviderResource):
    """`pulumi:providers:kubernetes`, as pulumi_kubernetes.Provider registers it."""


def cluster_provider(
    name: str,
    *,
    kubeconfig: pulumi.Input[str] | None,
    context: pulumi.Input[str],
    cluster_identifier: pulumi.Input[str] | None = None,
    namespace: pulumi.Input[str] | None = None,
    delete_unreachable: bool = False,
    opts: pulumi.ResourceOptions | None = None,
) -> ClusterProvider:
    """A provider for one context of a kubeconfig.

    kubeconfig: its text (YAML or JSON), or the path of the file; None: what KUBECONFIG names, or ~/.kube/config. The
        text is kept in the state: it should name an exec plugin or files, and hold no token.
    cluster_identifier: what tells the cluster from others. While it stays the same, another address of the API server
        replaces nothing.
    namespace: where objects go that name none.
    delete_unreachable: destroy drops objects of a cluster that does not answer from the state, instead of failing.
    """
    inputs = {
        "kubeconfig": kubeconfig,
        "context": context,
        "clusterIdentifier": cluster_identifier,
        "namespace": namespace,
        # The engine keeps a provider's settings as strings of JSON, whatever their type.
        "enableServerSideApply": "true",
        # A killed create left an object that the state does not know; without this a create refuses it (since 4.29).
        "upsertExistingObjects": "true",
        # Another Secret or ConfigMap in place of a changed one means a moment without any under that name.
        "enableConfigMapMutable": "true",
        "enableSecretMutable": "true",
        "deleteUnreachable": "true" if delete_unreachable else None,
    }
    known = {key: value for key, value in inputs.items() if value is not None}
    opts = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version=PLUGIN_VERSION), opts)
    return ClusterProvider(PROVIDER_TYPE, name, known, opts)
