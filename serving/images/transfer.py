"""One image into a registry, from wherever its manifests and layers are: another registry, or an archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.manifest import Descriptor, Manifest
from llmctl.serving.images.reference import ImageReference
from llmctl.serving.images.registry import Registry


class Source(Protocol):
    """Where an image is. What it gives has the digest that it was asked for by; else RegistryError, InvalidImage."""

    def manifest(self, digest: str) -> Manifest: ...

    def blob(self, blob: Descriptor) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class RegistryRepository:
    """A registry as the source."""

    registry: Registry
    repository: str

    def manifest(self, digest: str) -> Manifest:
        return self.registry.manifest(self.repository, digest)

    def blob(self, blob: Descriptor) -> Iterator[bytes]:
        return self.registry.blob(self.repository, blob)


@dataclass(kw_only=True)
class Transfer:
    """`run` brings the image over. What the destination has is not sent again."""

    digest: str
    source: Source
    registry: Registry
    destination: ImageReference
    progress: Callable[[int, int], None]
    """Called with the bytes of layers that are at the destination, and of all layers."""

    layers: tuple[Descriptor, ...] = ()
    """Of all manifests, each once; none where the whole image was there already."""

    sent: int = 0
    sent_bytes: int = 0
    _done: int = 0

    def run(self) -> None:
        """Layers first, then each platform's manifest, then what the tag names. Raises RegistryError, InvalidImage."""
        to, version = self.destination.repository, self.destination.version
        if self.registry.digest(to, version, push=True) != self.digest:
            manifests = tuple(self._manifests(self.digest))
            self.layers = tuple({blob.digest: blob for each in manifests for blob in each.blobs}.values())
            for blob in self.layers:
                self._pass(blob)
            for manifest in manifests:
                top = manifest.digest == self.digest
                self.registry.push_manifest(to, version if top else manifest.digest, manifest)
        self._check(version)

    def _manifests(self, digest: str) -> Iterator[Manifest]:
        """In the order in which a registry takes them: an index after what it names."""
        manifest = self.source.manifest(digest)
        for child in manifest.manifests:
            yield from self._manifests(child.digest)
        yield manifest

    def _pass(self, blob: Descriptor) -> None:
        before, to = self._done, self.destination.repository
        if not self.registry.has_blob(to, blob.digest):
            self.registry.push_blob(to, blob, self._counted(self.source.blob(blob)))
            self.sent += 1
            self.sent_bytes += blob.size
        self._done = before + blob.size
        self._report()

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            self._done += len(piece)
            self._report()

    def _report(self) -> None:
        self.progress(self._done, sum(blob.size for blob in self.layers))

    def _check(self, version: str) -> None:
        found = self.registry.manifest(self.destination.repository, version).digest
        if found != self.digest:
            raise RegistryError(
                f"{self.destination} is {found} there, not {self.digest}, right after it was put there. "
                "Somebody else pushes to that tag, or the registry rewrites manifests; choose another place."
            )
