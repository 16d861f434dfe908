"""The annotations by which a manifest tells the plugin what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

AUTONAMED = "pulumi.com/autonamed"
SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
PATCH_FORCE = "pulumi.com/patchForce"
FIELD_MANAGER = "pulumi.com/patchFieldManager"
DELETION_PROPAGATION = "pulumi.com/deletionPropagationPolicy"

DEFAULT_TIMEOUT_SECONDS = 600.0


def annotation(manifest: Mapping[str, Any], name: str) -> str:
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    value = annotations.get(name) if isinstance(annotations, dict) else None
    return value if isinstance(value, str) else ""


def is_set(manifest: Mapping[str, Any], name: str) -> bool:
    return annotation(manifest, name) == "true"


def timeout_seconds(manifest: Mapping[str, Any], custom: float) -> float:
    """customTimeouts of the resource, else its annotation, else ten minutes."""
    said = annotation(manifest, TIMEOUT_SECONDS)
    return custom or (float(said) if said.isdigit() else DEFAULT_TIMEOUT_SECONDS)


def propagation(manifest: Mapping[str, Any]) -> str:
    """What happens to the dependents of a deleted object."""
    policies = {"orphan": "Orphan", "background": "Background"}
    return policies.get(annotation(manifest, DELETION_PROPAGATION).lower(), "Foreground")
