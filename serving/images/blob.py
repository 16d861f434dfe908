"""A layer in passing: hashed as it goes by, and never complete unless it is the right one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.manifest import Descriptor


def verified(pieces: Iterable[bytes], blob: Descriptor, where: str) -> Iterator[bytes]:
    """The same pieces, each held back until the next is there, the last until size and SHA-256 are right.

    Whoever passes them on can so never have sent the whole of something else. Raises RegistryError.
    """
    digest, done, held = hashlib.sha256(), 0, b""
    for piece in pieces:
        digest.update(piece)
        done += len(piece)
        if done > blob.size:
            break
        if held:
            yield held
        held = piece
    found = f"sha256:{digest.hexdigest()}"
    if done != blob.size or found != blob.digest:
        size = f"{done:,} bytes" if done <= blob.size else "more bytes"
        raise RegistryError(
            f"{where} sends {size} with {found} for the layer {blob.digest} of {blob.size:,} bytes. "
            "It was not passed on. Try again; if it stays so, do not use that registry, or what stands between."
        )
    if held:
        yield held
