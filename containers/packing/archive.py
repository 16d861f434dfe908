"""One tar with an image, in two layouts at once: OCI's image layout and Docker's `manifest.json`, over the same blobs.

containerd, Podman, Buildah, Skopeo and Docker each read one of the two. The image keeps its digest on the way through
any of them that reads the first.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from packing.image import PLATFORM, PackedImage, canonical
from packing.layer import TIME

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def write_archive(image: PackedImage, name: str, output: Path) -> str:
    """Write `output`, whole or not at all, and return the digest of the image's manifest. `name`: REPOSITORY:TAG."""
    unfinished = output.with_name(f"{output.name}.unfinished")
    with tarfile.open(unfinished, "w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in sorted(_members(image, name).items()):
            _add(tar, path, content)
    unfinished.replace(output)
    return image.manifest.digest


def _members(image: PackedImage, name: str) -> dict[str, bytes | Path]:
    config, manifest = image.config, image.manifest
    blobs: dict[str, bytes | Path] = {_blob(each.digest): each.content for each in (config, manifest)}
    blobs |= {_blob(layer.digest): layer.file for layer in image.layers}
    docker = [
        {"Config": _blob(config.digest), "RepoTags": [name], "Layers": [_blob(each.digest) for each in image.layers]}
    ]
    return {
        "index.json": canonical({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [_entry(image, name)]}),
        "manifest.json": b"[" + canonical(docker[0]) + b"]",
        "oci-layout": canonical({"imageLayoutVersion": "1.0.0"}),
        **blobs,
    }


def _entry(image: PackedImage, name: str) -> dict[str, object]:
    # The first is what containerd calls the image, the second is the specification's and holds the tag.
    annotations = {
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": name.rpartition(":")[2],
    }
    return {**image.manifest.descriptor, "platform": PLATFORM, "annotations": annotations}


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _add(tar: tarfile.TarFile, path: str, content: bytes | Path) -> None:
    entry = tarfile.TarInfo(path)
    entry.mtime, entry.mode = TIME, 0o644
    entry.size = len(content) if isinstance(content, bytes) else content.stat().st_size
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        tar.addfile(entry, file)
