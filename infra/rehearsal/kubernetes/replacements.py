"""Which changed fields mean another object, per kind, as the original has them.

replacements.json was read at pulumi-kubernetes 4.32.0, provider/pkg/provider/diff.go. `[*]` stands for any element of a
list; a field means everything in it too. What the API server refuses beyond these (a claim's size) fails in `up`.
"""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import Any

IDENTITY = ("metadata.name", "metadata.namespace")


def replacing(manifest: dict[str, Any], *, config_map_mutable: bool, secret_mutable: bool) -> tuple[str, ...]:
    """Patterns of the fields of this object that cannot be changed in place."""
    about = f"{manifest['apiVersion']}/{manifest['kind']}"
    immutable = manifest.get("immutable") is True
    if about == "v1/Secret" and (immutable or not secret_mutable):
        return (*IDENTITY, "type", "stringData", "data")
    if about == "v1/ConfigMap" and (immutable or not config_map_mutable):
        return (*IDENTITY, "binaryData", "data")
    return (*IDENTITY, *_table().get(about, ()))


@functools.cache
def _table() -> dict[str, list[str]]:
    text = files(__package__).joinpath("replacements.json").read_text(encoding="utf-8")
    table: dict[str, list[str]] = json.loads(text)
    return table
