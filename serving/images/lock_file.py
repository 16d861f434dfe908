"""`stacks/images.lock.yaml`: which digest a registry gave for which reference, and when."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from llmctl.serving.errors import InvalidImage
from llmctl.serving.images.reference import parse_reference

NAME = "images.lock.yaml"

HEADER = """\
# Written by `llmctl images lock`, and by nothing else: every digest here is a registry's answer, with the day it came.
# `digest: null` is an image for which no registry has given one; `reason` says why. Commit this file.
"""


@dataclass(frozen=True, kw_only=True)
class LockedImage:
    digest: str
    """Of what the tag names: the index where there is one, else the one manifest."""

    media_type: str
    platforms: Mapping[str, str]
    """`linux/amd64` -> the digest of that platform's own manifest; empty where the registry names no platform."""

    registry: str
    """The host that answered."""

    date: date
    """The day of the answer, UTC."""


@dataclass(frozen=True, kw_only=True)
class OpenImage:
    """Nobody knows its digest."""

    reason: str
    date: date
    """The day of the last try, UTC."""

    digest: None = None


Entry = LockedImage | OpenImage


@dataclass(frozen=True)
class LockFile:
    images: Mapping[str, Entry] = field(default_factory=dict)
    """By reference, fully spelt."""

    def find(self, reference: str) -> Entry | None:
        """The entry for a reference in any spelling; None: it was never asked for. Raises InvalidImage."""
        return self.images.get(str(parse_reference(reference)))

    def digest(self, reference: str) -> str | None:
        """The locked digest, or None for an image that is open or not in the file. Raises InvalidImage."""
        entry = self.find(reference)
        return entry.digest if entry else None


def read_lock_file(path: Path) -> LockFile:
    """The file's entries; none where it does not exist yet. Raises InvalidImage with file and line of a mistake."""
    from llmctl.serving.images.lock_reader import LockReader

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return LockFile()
    except UnicodeDecodeError as error:
        raise InvalidImage(f"{path}: not UTF-8 text at byte {error.start}. Save the file as UTF-8.") from None
    return LockFile(LockReader(os.path.relpath(path)).entries(text))


def write_lock_file(path: Path, lock: LockFile) -> None:
    """Write all entries, sorted; the file is either the old one or the new one, whole. Raises OSError."""
    import yaml

    images = {reference: _as_data(lock.images[reference]) for reference in sorted(lock.images)}
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("w", encoding="utf-8") as out:
            out.write(HEADER)
            yaml.dump({"images": images}, out, _plain_dumper(), sort_keys=False, width=10_000)  # in ASCII, escaped
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _plain_dumper() -> Any:
    """YAML without anchors: two entries of the same day are two entries."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  (PyYAML's signature)
            return True

    return Dumper


def _as_data(entry: Entry) -> dict[str, Any]:
    if isinstance(entry, OpenImage):
        return {"digest": None, "reason": entry.reason, "date": entry.date}
    return {
        "digest": entry.digest,
        "mediaType": entry.media_type,
        "platforms": dict(sorted(entry.platforms.items())),
        "registry": entry.registry,
        "date": entry.date,
    }
