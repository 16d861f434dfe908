"""Hashes that follow the bytes while they arrive, so that the last byte is soon followed by the last word."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from llmctl.serving.weights.fetch.errors import Damaged
from llmctl.serving.weights.fetch.partial import PART, Partial
from llmctl.serving.weights.fetch.sources import BUFFER
from llmctl.serving.weights.spec import WeightFile


def new_digest(file: WeightFile) -> hashlib._Hash:
    """SHA-256 of the content, or git's hash of a blob: SHA-1 over a head with the size, then the content."""
    if file.sha256:
        return hashlib.sha256()
    return hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)


def expected(file: WeightFile) -> str:
    return str(file.sha256 or file.git_sha1)


def verify(partial: Partial, stopped: Callable[[], bool]) -> bool:
    """Read the parts as they arrive. False: it was stopped before the end. Raises Damaged for another content."""
    file, digest = partial.file, new_digest(partial.file)
    buffer = memoryview(bytearray(BUFFER))
    for start in range(0, file.size, PART):
        end = min(start + PART, file.size)
        with partial.arrived:
            while not partial.has_up_to(end):
                if stopped():
                    return False
                partial.arrived.wait()
        while start < end:
            count = partial.read(start, buffer[: min(BUFFER, end - start)])
            digest.update(buffer[:count])
            start += count
    if digest.hexdigest() != expected(file):
        raise Damaged(mismatch(file, digest.hexdigest()))
    return True


def mismatch(file: WeightFile, found: str) -> str:
    kind = "SHA-256" if file.sha256 else "git hash"
    return (
        f"{file.path} has the {kind} {found}, expected {expected(file)}; it was not kept. Either the source changed "
        "(llmctl up lists it again), or what stands between does not pass on what it gets."
    )
