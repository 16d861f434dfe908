"""An image's configuration and manifest, as the OCI image specification 1.1 has them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from packing.layer import Layer

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
PLATFORM = {"architecture": "amd64", "os": "linux"}
CREATED = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    user: int
    entrypoint: tuple[str, ...]
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str = "/"
    stop_signal: str = "SIGTERM"
    labels: Mapping[str, str] = field(default_factory=dict)

    def document(self, layers: Sequence[Layer]) -> dict[str, Any]:
        return {
            **PLATFORM,
            "created": CREATED,
            "config": {
                "User": f"{self.user}:{self.user}",
                "Entrypoint": list(self.entrypoint),
                "Cmd": list(self.command),
                "Env": [f"{name}={value}" for name, value in self.environment.items()],
                "WorkingDir": self.directory,
                "StopSignal": self.stop_signal,
                "Labels": dict(self.labels),
            },
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": [{"created": CREATED, "created_by": layer.file.name.partition("-")[0]} for layer in layers],
        }


@dataclass(frozen=True)
class Blob:
    """A JSON document as bytes, and its name."""

    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"

    @property
    def descriptor(self) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content)}


@dataclass(frozen=True)
class PackedImage:
    configuration: Configuration
    layers: tuple[Layer, ...]

    @property
    def config(self) -> Blob:
        return Blob(CONFIG_TYPE, canonical(self.configuration.document(self.layers)))

    @property
    def manifest(self) -> Blob:
        layers = [{"mediaType": LAYER_TYPE, "digest": each.digest, "size": each.size} for each in self.layers]
        document = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": self.config.descriptor, "layers": layers}
        return Blob(MANIFEST_TYPE, canonical(document))


def canonical(document: Mapping[str, Any]) -> bytes:
    """One spelling for one document: digests are over these bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
