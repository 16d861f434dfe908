"""An image from an archive into a registry: the way in where no build tool and no daemon is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from llmctl.serving.errors import InvalidImage
from llmctl.serving.images.archive import ImageArchive
from llmctl.serving.images.reference import ImageReference, parse_reference
from llmctl.serving.images.registry import Registries
from llmctl.serving.images.transfer import Transfer


@dataclass(frozen=True, kw_only=True)
class Pushed:
    destination: ImageReference
    digest: str
    """What the registry answers for the tag now; the same as in the archive."""

    layers: int
    """0 where the whole image was there already."""

    sent: int
    sent_bytes: int


def push(archive: Path, to: str, *, registries: Registries, progress: Callable[[int, int], None]) -> Pushed:
    """Bring the archive's image to `to`, REPOSITORY:TAG. Running it again goes on after what is there.

    Raises InvalidImage for the archive or the reference, RegistryError, OSError.
    """
    destination = parse_reference(to)
    if destination.digest:
        raise InvalidImage(f"{to!r} holds a digest, which the image brings along. Allowed: HOST/REPOSITORY:TAG.")
    with ImageArchive(archive) as source:
        transfer = Transfer(
            digest=source.image.digest,
            source=source,
            registry=registries(destination.host),
            destination=destination,
            progress=progress,
        )
        transfer.run()
    return Pushed(
        destination=destination,
        digest=transfer.digest,
        layers=len(transfer.layers),
        sent=transfer.sent,
        sent_bytes=transfer.sent_bytes,
    )
