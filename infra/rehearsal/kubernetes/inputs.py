"""What becomes of a manifest before it is compared or applied."""

from __future__ import annotations

import base64
import random
from collections.abc import Mapping
from typing import Any

from llmctl.infra.rehearsal.kubernetes.annotations import AUTONAMED, is_set
from llmctl.infra.rehearsal.kubernetes.errors import Refused
from llmctl.infra.rehearsal.properties import UNKNOWN, is_unknown

Manifest = dict[str, Any]

READ_ONLY = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)
"""Of metadata: the API server writes them (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/)."""


def checked(given: Manifest, olds: Manifest, name_of_urn: str, seed: bytes, proposed: str | None) -> Manifest:
    """With a name. Raises Refused for what cannot be applied.

    proposed: the name that the engine asks for; None where it leaves it to the provider.
    """
    manifest = normalized(given)
    if metadata_of(manifest).get("name"):
        return manifest
    if metadata_of(manifest).get("generateName"):
        raise Refused("the `.metadata.generateName` field is not supported in Server-Side Apply mode")
    if not olds:
        return _autonamed(manifest, proposed or f"{name_of_urn}-{random.Random(seed).getrandbits(32):08x}")  # noqa: S311
    return _autonamed(manifest, olds["metadata"]["name"]) if is_set(olds, AUTONAMED) else manifest


def _autonamed(manifest: Manifest, name: str) -> Manifest:
    metadata = metadata_of(manifest)
    annotations = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
    return {**manifest, "metadata": {**metadata, "name": name, "annotations": annotations}}


def metadata_of(manifest: Mapping[str, Any]) -> Manifest:
    metadata = manifest.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def in_namespace(manifest: Manifest, namespace: str) -> Manifest:
    metadata = metadata_of(manifest)
    return manifest if metadata.get("namespace") else {**manifest, "metadata": {**metadata, "namespace": namespace}}


def normalized(manifest: Manifest) -> Manifest:
    """Without what only the API server writes, and with a Secret's data as the API server keeps it."""
    metadata = {key: value for key, value in metadata_of(manifest).items() if key not in READ_ONLY}
    manifest = {**{key: value for key, value in manifest.items() if value is not None}, "metadata": metadata}
    if manifest.get("metadata") != UNKNOWN and is_secret(manifest) and not is_unknown(manifest):
        return _with_data(manifest)
    return manifest


def is_secret(manifest: Mapping[str, Any]) -> bool:
    return (manifest.get("apiVersion"), manifest.get("kind")) == ("v1", "Secret")


def _with_data(secret: Manifest) -> Manifest:
    """stringData is for writing only: the API server moves it into data, over what is there."""
    texts = secret.get("stringData") or {}
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    rest = {key: value for key, value in secret.items() if key != "stringData"}
    return {**rest, "data": {**(secret.get("data") or {}), **encoded}} if encoded else secret


def object_id(manifest: Mapping[str, Any]) -> str:
    """`namespace/name`, or the name alone for an object of the whole cluster."""
    metadata = manifest["metadata"]
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])
