"""Is a file the one it should be: SHA-256 once, then a stamp, so that `up` need not read 40 GB again.

A stamp says which file (path, size, time of last change) had which SHA-256. A file that was written to since then
has another time and is read again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

from llmctl.serving.errors import ModelDamaged

Progress = Callable[[int, int | None], None]
"""Called with the bytes done and the bytes in all (None: not known)."""

CHUNK = 1024 * 1024
"""Bytes read at once: large enough that hashing, not the system call, is what takes the time."""


def place(source: IO[bytes], target: Path, *, sha256: str, size: int, progress: Progress) -> None:
    """Copy `source` to `target`, which appears only when it is whole. Raises ModelDamaged on any other content."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    try:
        with partial.open("wb") as out:
            found = _copy(source, out, size, progress)
            out.flush()
            os.fsync(out.fileno())
        if found != sha256:
            raise ModelDamaged(wrong_content(target.name, sha256, found))
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def is_whole(path: Path, *, sha256: str, size: int, stamps: Path) -> bool:
    """Whether `path` is there with exactly this content; reads it only if it changed since it was last stamped."""
    if not path.is_file() or path.stat().st_size != size:
        return False
    if _read(_stamp(stamps, sha256)) == _state_of(path):
        return True
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        return False
    stamp(path, sha256=sha256, stamps=stamps)
    return True


def stamp(path: Path, *, sha256: str, stamps: Path) -> None:
    """Remember that `path` has this SHA-256, which the caller has just computed while writing it."""
    stamps.mkdir(parents=True, exist_ok=True)
    _stamp(stamps, sha256).write_text(json.dumps(_state_of(path)))


def _copy(source: IO[bytes], out: IO[bytes], size: int, progress: Progress) -> str:
    digest, done = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        done += out.write(chunk)
        progress(done, size)
    return digest.hexdigest()


def wrong_content(name: str, expected: str, found: str) -> str:
    return (
        f"{name} has SHA-256 {found}, expected {expected}; it was not kept. Try again; if it stays so, do not use it."
    )


def _stamp(stamps: Path, sha256: str) -> Path:
    return stamps / f"{sha256}.json"


def _state_of(path: Path) -> dict[str, str | int]:
    stat = path.stat()
    return {"path": str(path.resolve()), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns}


def _read(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_text())
    except (OSError, ValueError):
        return None  # no stamp, or a torn one: the file is read again
