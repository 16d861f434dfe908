"""Small container images, made of bytes: real indexes and manifests with layers of noise."""

from __future__ import annotations

import hashlib
import io
import json
import random
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

OCI = "application/vnd.oci.image"
DOCKER = "application/vnd.docker.distribution.manifest"


@dataclass(frozen=True)
class PushedManifest:
    media_type: str
    body: bytes

    @property
    def digest(self) -> str:
        return sha256(self.body)


@dataclass(frozen=True)
class TestImage:
    """The manifests in the order in which a registry takes them, the one that the tag names last."""

    manifests: Sequence[PushedManifest]
    blobs: Mapping[str, bytes]
    platforms: Mapping[str, str]
    __test__ = False

    @property
    def top(self) -> PushedManifest:
        return self.manifests[-1]

    @property
    def digest(self) -> str:
        return self.top.digest

    @property
    def layers(self) -> list[str]:
        """Digests of the layers, the largest first."""
        return sorted(self.blobs, key=lambda digest: -len(self.blobs[digest]))


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311  (the same bytes each time)


def one_platform(
    platform: str = "linux/amd64",
    *,
    layers: Sequence[bytes] = (b"layer",),
    docker: bool = False,
    config: bytes | None = None,
) -> TestImage:
    """One manifest without an index, as `docker push` makes it; `config` in the place of the platform's own."""
    os, architecture = platform.split("/")
    usual = {"os": os, "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": []}}
    config = json.dumps(usual).encode() if config is None else config
    config_type = "application/vnd.docker.container.image.v1+json" if docker else f"{OCI}.config.v1+json"
    layer_type = "application/vnd.docker.image.rootfs.diff.tar.gzip" if docker else f"{OCI}.layer.v1.tar+gzip"
    media_type = f"{DOCKER}.v2+json" if docker else f"{OCI}.manifest.v1+json"
    content = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": _descriptor(config_type, config),
        "layers": [_descriptor(layer_type, layer) for layer in layers],
    }
    manifest = PushedManifest(media_type, json.dumps(content).encode())
    blobs = {sha256(blob): blob for blob in (config, *layers)}
    return TestImage([manifest], blobs, {platform: manifest.digest})


def artifact(
    files: Mapping[str, bytes], *, annotation: str = "org.opencontainers.image.title", media_type: str | None = None
) -> TestImage:
    """One layer for each file, as `oras push` makes it: the configuration is the empty object, layers have a title."""
    layers = [
        {**_descriptor(media_type or f"{OCI}.layer.v1.tar", content), "annotations": {annotation: name}}
        for name, content in files.items()
    ]
    kind, empty = f"{OCI}.manifest.v1+json", b"{}"
    content = {
        "schemaVersion": 2,
        "mediaType": kind,
        "artifactType": "application/vnd.unknown.artifact.v1",
        "config": _descriptor("application/vnd.oci.empty.v1+json", empty),
        "layers": layers,
    }
    manifest = PushedManifest(kind, json.dumps(content).encode())
    return TestImage([manifest], {sha256(blob): blob for blob in (empty, *files.values())}, {})


def several_platforms(
    images: Mapping[str, TestImage] | Sequence[tuple[str, TestImage]], *, attested: bool = False
) -> TestImage:
    """An index of single images; `attested` adds an entry of no platform, as buildx does."""
    named = list(images.items() if isinstance(images, Mapping) else images)
    entries = [
        {
            **_descriptor(image.top.media_type, image.top.body),
            "platform": dict(zip(("os", "architecture"), name.split("/"), strict=True)),
        }
        for name, image in named
    ]
    parts = [image for _, image in named]
    if attested:
        statement = one_platform(layers=[b'{"predicateType": "provenance"}'])
        nowhere = {"os": "unknown", "architecture": "unknown"}
        entries.append({**_descriptor(statement.top.media_type, statement.top.body), "platform": nowhere})
        parts.append(statement)
    media_type = f"{OCI}.index.v1+json"
    index = PushedManifest(
        media_type, json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": entries}).encode()
    )
    blobs = {digest: blob for part in parts for digest, blob in part.blobs.items()}
    platforms = {name: image.digest for name, image in named}
    return TestImage([*(part.top for part in parts), index], blobs, platforms)


def layout(image: TestImage, *, spare: TestImage | None = None) -> dict[str, bytes]:
    """The OCI image layout of an image: path -> content."""
    entries = [
        {"mediaType": each.top.media_type, "digest": each.digest, "size": len(each.top.body)}
        for each in filter(None, (image, spare))
    ]
    blobs = {**image.blobs, **{manifest.digest: manifest.body for manifest in image.manifests}}
    return {
        "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
        "index.json": json.dumps({"schemaVersion": 2, "manifests": entries}).encode(),
        **{f"blobs/{digest.replace(':', '/')}": content for digest, content in blobs.items()},
    }


def saved(members: Mapping[str, bytes], file: Path, *, prefix: str = "") -> Path:
    with tarfile.open(file, "w") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(prefix + name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return file


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": sha256(content), "size": len(content)}
