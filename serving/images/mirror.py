"""Copy images between registries. What the destination has is not sent again, so that running it again goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.manifest import Descriptor, Manifest
from llmctl.serving.images.mirror_plan import Copy
from llmctl.serving.images.registry import Registries, Registry

Progress = Callable[[Copy, int, int], None]
"""Called with the bytes of layers that are at the destination, and of all layers."""


@dataclass(frozen=True, kw_only=True)
class Mirrored:
    """What came of one copy."""

    copy: Copy
    layers: int
    """Of all manifests, each counted once; 0 where the whole image was there already."""

    sent: int = 0
    """Layers that the destination did not have."""

    sent_bytes: int = 0
    problem: str | None = None
    """Why it is not there; None: the destination answers for its tag with the same digest."""


def mirror(copy: Copy, *, registries: Registries, progress: Progress) -> Mirrored:
    """Copy one image: layers first, then each platform's manifest, then what the tag names.

    A registry's refusal is in the result and no error. Layers that went over before it stay, and are found again.
    """
    transfer = _Transfer(copy, registries(copy.source.host), registries(copy.destination.host), progress)
    try:
        transfer.run()
    except RegistryError as error:
        return transfer.result(problem=str(error))
    return transfer.result()


class _Transfer:
    def __init__(self, copy: Copy, source: Registry, destination: Registry, progress: Progress) -> None:
        self._copy, self._source, self._destination, self._progress = copy, source, destination, progress
        self._from, self._to = copy.source.repository, copy.destination.repository
        self._layers: tuple[Descriptor, ...] = ()
        self._done = self._sent = self._sent_bytes = 0

    def run(self) -> None:
        version = self._copy.destination.version
        if self._destination.digest(self._to, version, push=True) != self._copy.digest:
            manifests = tuple(self._manifests(self._copy.digest))
            self._layers = tuple({blob.digest: blob for each in manifests for blob in each.blobs}.values())
            for blob in self._layers:
                self._pass(blob)
            for manifest in manifests:
                top = manifest.digest == self._copy.digest
                self._destination.push_manifest(self._to, version if top else manifest.digest, manifest)
        self._check(version)

    def result(self, problem: str | None = None) -> Mirrored:
        return Mirrored(
            copy=self._copy, layers=len(self._layers), sent=self._sent, sent_bytes=self._sent_bytes, problem=problem
        )

    def _manifests(self, digest: str) -> Iterator[Manifest]:
        """In the order in which a registry takes them: an index after what it names."""
        manifest = self._source.manifest(self._from, digest)
        for child in manifest.manifests:
            yield from self._manifests(child.digest)
        yield manifest

    def _pass(self, blob: Descriptor) -> None:
        before = self._done
        if not self._destination.has_blob(self._to, blob.digest):
            self._destination.push_blob(self._to, blob, self._counted(self._source.blob(self._from, blob)))
            self._sent += 1
            self._sent_bytes += blob.size
        self._done = before + blob.size
        self._report()

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield piece
            self._done += len(piece)
            self._report()

    def _report(self) -> None:
        self._progress(self._copy, self._done, sum(blob.size for blob in self._layers))

    def _check(self, version: str) -> None:
        found = self._destination.manifest(self._to, version).digest
        if found != self._copy.digest:
            raise RegistryError(
                f"{self._copy.destination} is {found} there, not {self._copy.digest}, right after it was put there. "
                "Somebody else pushes to that tag, or the registry rewrites manifests; choose another place."
            )
