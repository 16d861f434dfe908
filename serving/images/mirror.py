"""Copy images between registries. What the destination has is not sent again, so that running it again goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.mirror_plan import Copy
from llmctl.serving.images.registry import Registries
from llmctl.serving.images.transfer import RegistryRepository, Transfer

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
    transfer = Transfer(
        digest=copy.digest,
        source=RegistryRepository(registries(copy.source.host), copy.source.repository),
        registry=registries(copy.destination.host),
        destination=copy.destination,
        progress=lambda done, total: progress(copy, done, total),
    )
    try:
        transfer.run()
    except RegistryError as error:
        return _mirrored(copy, transfer, problem=str(error))
    return _mirrored(copy, transfer)


def _mirrored(copy: Copy, transfer: Transfer, problem: str | None = None) -> Mirrored:
    layers, sent, sent_bytes = len(transfer.layers), transfer.sent, transfer.sent_bytes
    return Mirrored(copy=copy, layers=layers, sent=sent, sent_bytes=sent_bytes, problem=problem)
