"""Who the pods are: accounts that can do nothing and carry no token, and the Secret that the keys' hashes go into."""

from __future__ import annotations

from llmctl.serving.manifests import labels
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.spec import Manifest, StackSpec

HUB_TOKEN_SECRET = "hub-token"  # noqa: S105 (the name of a secret)
KEYS_SECRET = "gateway-keys"  # noqa: S105 (the name of a secret)


def service_account(spec: StackSpec, component: Component) -> Manifest:
    """No role is bound to it: nothing in a stack talks to the API server."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": labels.metadata(spec, component.value),
        "automountServiceAccountToken": False,
    }


def secret(spec: StackSpec, name: str, values: Manifest) -> Manifest:
    """Of values that a deployment tool knows; they are in the cluster only."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": labels.metadata(spec, name),
        "type": "Opaque",
        "stringData": values,
    }


def keys_secret(spec: StackSpec) -> Manifest:
    """Without data: `llmctl keys` puts the hashes there, and whoever applies this again does not take them away."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": labels.metadata(spec, KEYS_SECRET, Component.GATEWAY),
        "type": "Opaque",
    }


def hub_token_secret(spec: StackSpec, token: object) -> Manifest:
    """The Hub's token for the relay, as plain text that a deployment tool may know later and keeps to itself."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": labels.metadata(spec, HUB_TOKEN_SECRET, Component.WEIGHTS),
        "type": "Opaque",
        "stringData": {"HF_TOKEN": token},
    }
