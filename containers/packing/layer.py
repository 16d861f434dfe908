"""A directory becomes a layer: a gzipped tar that depends on names and contents alone."""

from __future__ import annotations

import gzip
import hashlib
import json
import stat
import tarfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, cast

TIME = 0
"""Of every file, in seconds since 1970."""

COMPRESSION = 6
"""zlib's level. Another zlib may compress otherwise: the digest is then another, and `diff_id` the same."""

STICKY = frozenset({"tmp", "var/tmp"})
"""Directories in which everybody may write; with a read-only root nobody can."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    digest: str
    """sha256:… of the gzipped bytes."""

    diff_id: str
    """sha256:… of the tar inside."""

    size: int
    """Bytes, gzipped."""

    file: Path

    @staticmethod
    def stored(file: Path) -> Layer:
        """A layer that `write_layer` has written."""
        return Layer(**json.loads(_facts_of(file).read_text(encoding="utf-8")), file=file)


def write_layer(tree: Path, file: Path) -> Layer:
    """Everything below `tree`, owned by root, without setuid bits, whatever umask and user it was made with."""
    with file.open("wb") as raw:
        outer = _Hashed(raw)
        with gzip.GzipFile(filename="", mode="wb", compresslevel=COMPRESSION, fileobj=outer, mtime=TIME) as zipped:
            inner = _Hashed(zipped)
            with tarfile.open(fileobj=cast("IO[bytes]", inner), mode="w", format=tarfile.PAX_FORMAT) as tar:
                for path in sorted(tree.rglob("*")):
                    _add(tar, path, path.relative_to(tree).as_posix())
    facts = Layer(digest=outer.digest, diff_id=inner.digest, size=file.stat().st_size, file=file)
    kept = {name: value for name, value in asdict(facts).items() if name != "file"}
    _facts_of(file).write_text(json.dumps(kept), encoding="utf-8")
    return facts


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.mtime = TIME
    if path.is_symlink():
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
        tar.addfile(entry)
    elif path.is_dir():
        entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name in STICKY else 0o755
        tar.addfile(entry)
    else:
        facts = path.stat()
        entry.size, entry.mode = facts.st_size, 0o755 if facts.st_mode & stat.S_IXUSR else 0o644
        with path.open("rb") as content:
            tar.addfile(entry, content)


def _facts_of(file: Path) -> Path:
    return file.with_suffix(".json")


class _Hashed:
    """Passes bytes on, and knows their SHA-256."""

    def __init__(self, out: IO[bytes] | gzip.GzipFile) -> None:
        self._out, self._hash = out, hashlib.sha256()

    def write(self, piece: bytes) -> int:
        self._hash.update(piece)
        return self._out.write(piece)

    def flush(self) -> None:
        self._out.flush()

    def tell(self) -> int:
        return self._out.tell()

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"
