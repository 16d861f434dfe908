"""An image in a file: a tar in the OCI image layout 1.1, as containers/pack.py, `docker save`, `podman save --format
oci-archive` and `buildah push … oci-archive:` write it.

Nothing is unpacked; what is read is held to the digests that lead to it.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from llmctl.serving.errors import InvalidImage, RegistryError
from llmctl.serving.images.manifest import INDEX_TYPES, Descriptor, Manifest, digest_of, parse_manifest

INDEX = "index.json"
PIECE = 64 * 1024

MANIFEST_LIMIT = 4 * 1024 * 1024
"""Bytes; what registries take at most (registry.py)."""

SAVE = "Pack it with containers/pack.py, or save it with podman save --format oci-archive, or docker save (from 25 on)."


class ImageArchive:
    """An open archive with one image. Raises InvalidImage for anything else."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._tar = tarfile.open(file)  # noqa: SIM115 (closed by __exit__)
        except tarfile.TarError as error:
            raise InvalidImage(f"{file} is no tar archive ({error}). {SAVE}") from error
        self._members = {_path(member.name): member for member in self._tar if member.isfile()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()

    @property
    def image(self) -> Descriptor:
        """What the archive's index names: the manifest of an image, or its index of platforms."""
        index = self._parsed(self._content(INDEX), INDEX_TYPES[0], INDEX)
        if len(index.manifests) != 1:
            raise InvalidImage(f"{self._file} holds {len(index.manifests)} images, not one. Save the image alone.")
        return index.manifests[0]

    def manifest(self, digest: str) -> Manifest:
        """The manifest or index with that digest."""
        body = self._content(_blob(digest))
        if digest_of(body) != digest:
            raise InvalidImage(f"{self._file}: the manifest {digest} is damaged. Copy or save the archive again.")
        return self._parsed(body, self._type_of(digest), digest)

    def blob(self, blob: Descriptor) -> Iterator[bytes]:
        """A layer in pieces, read once before to see that it is the right one."""
        found = hashlib.sha256()
        for piece in self._pieces(_blob(blob.digest)):
            found.update(piece)
        if f"sha256:{found.hexdigest()}" != blob.digest:
            raise InvalidImage(f"{self._file}: the layer {blob.digest} is damaged. Copy or save the archive again.")
        return self._pieces(_blob(blob.digest))

    def _type_of(self, digest: str) -> str:
        """The media type that whatever names a manifest says it has."""
        named = [self.image]
        for each in named:
            if each.digest == digest:
                return each.media_type
            if each.media_type in INDEX_TYPES:
                named += self.manifest(each.digest).manifests
        raise InvalidImage(f"{self._file}: nothing names the manifest {digest}. {SAVE}")

    def _parsed(self, body: bytes, media_type: str, name: str) -> Manifest:
        try:
            return parse_manifest(body, media_type, where=f"{name} in {self._file}")
        except RegistryError as error:
            raise InvalidImage(str(error)) from error

    def _content(self, path: str) -> bytes:
        member = self._member(path)
        if member.size > MANIFEST_LIMIT:
            raise InvalidImage(f"{path} in {self._file} is longer than {MANIFEST_LIMIT:,} bytes. {SAVE}")
        return b"".join(self._pieces(path))

    def _pieces(self, path: str) -> Iterator[bytes]:
        content = self._tar.extractfile(self._member(path))
        while content is not None and (piece := content.read(PIECE)):
            yield piece

    def _member(self, path: str) -> tarfile.TarInfo:
        if path not in self._members:
            raise InvalidImage(f"{self._file} is no image in the OCI layout: it has no {path}. {SAVE}")
        return self._members[path]


def _path(name: str) -> str:
    return name.removeprefix("./")


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
