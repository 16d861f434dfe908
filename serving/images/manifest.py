"""What a registry answers for an image: an index of platforms, or the manifest of one platform."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.reference import DIGEST

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""Media types of the OCI image specification 1.1, and Docker's own from before it. Docker's schema 1 has no digest
that could be verified and is not asked for."""


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """A thing that a manifest names, by its content."""

    media_type: str
    digest: str
    size: int
    """Bytes."""

    platform: str | None = None
    """`linux/amd64`, `linux/arm64/v8`; None where the index says nothing, or says unknown (attestations)."""

    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Whatever those who pushed it wrote there; an artifact's layer has the name of a file in them."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    media_type: str
    body: bytes
    """Exactly as it came: the digest is over these bytes."""

    digest: str
    manifests: tuple[Descriptor, ...] = ()
    """An index's entries."""

    blobs: tuple[Descriptor, ...] = ()
    """A platform's configuration and layers."""

    @property
    def is_index(self) -> bool:
        return self.media_type in INDEX_TYPES


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def parse_manifest(body: bytes, media_type: str, *, where: str) -> Manifest:
    """Take a manifest's body apart. `where` begins the message of the RegistryError raised for any other content."""
    if media_type not in (*INDEX_TYPES, *MANIFEST_TYPES):
        known = ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))
        raise RegistryError(f"{where} is of type {media_type or 'none'}, which is no image. Known: {known}.")
    try:
        content = json.loads(body)
        if content.get("mediaType", media_type) != media_type:  # else two readers see two images in the same bytes
            raise ValueError(f"the mediaType {content['mediaType']!r}")
        listed = content["manifests"] if media_type in INDEX_TYPES else [content["config"], *content["layers"]]
        named = tuple(_descriptor(entry) for entry in listed)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RegistryError(
            f"{where} is not the {media_type} it says it is ({type(error).__name__}: {error}). "
            "Ask those who pushed it, or choose another tag."
        ) from error
    kind = {"manifests": named} if media_type in INDEX_TYPES else {"blobs": named}
    return Manifest(media_type=media_type, body=body, digest=digest_of(body), **kind)


def _descriptor(entry: Mapping[str, Any]) -> Descriptor:
    digest, size = entry["digest"], entry["size"]
    if not DIGEST.fullmatch(digest):
        raise ValueError(f"the digest {digest!r}")
    if not isinstance(size, int) or size < 0:
        raise ValueError(f"the size {size!r}")
    return Descriptor(
        media_type=str(entry["mediaType"]),
        digest=digest,
        size=size,
        platform=platform_name(entry.get("platform")),
        annotations={str(key): str(value) for key, value in (entry.get("annotations") or {}).items()},
    )


def platform_in(configuration: bytes) -> str | None:
    """The platform that an image's configuration names; None where it is of another kind."""
    try:
        content = json.loads(configuration)
    except ValueError:
        return None
    return platform_name(content) if isinstance(content, dict) else None


def platform_name(platform: Mapping[str, str] | None) -> str | None:
    """`{"os": "linux", "architecture": "arm64", "variant": "v8"}` -> `linux/arm64/v8`."""
    if not platform or "unknown" in (platform.get("os"), platform.get("architecture")):
        return None
    parts = (platform.get(key) for key in ("os", "architecture", "variant"))
    return "/".join(part for part in parts if part and isinstance(part, str)) or None
