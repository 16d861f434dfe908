"""Which file holds a model: the answer of `resolve`, the question to `fetch`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """One GGUF file, named so exactly that two runs can never get different bytes."""

    source: Literal["embedded", "disk", "hub"]

    model_id: str
    """As the user wrote it: a Hub id (owner/name) or a path."""

    revision: str | None
    """The 40-hex commit on the Hub, the version of the wheel when embedded, None on disk."""

    filename: str
    """The path inside the repository or the wheel; the absolute path on disk."""

    size: int | None
    """Bytes."""

    sha256: str | None
    """64 hex digits. None only for a file on disk: nobody has said what it should be."""
