"""A file on its way: its bytes in `.partial/`, and beside them one byte for each part that is there.

Both survive the process. They are named by path and expected hash, so another configuration finds nothing of it.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from llmctl.serving.weights.fetch.errors import FULL, NoRoom
from llmctl.serving.weights.spec import WeightFile

PART = 32 * 1024 * 1024
"""Bytes of one request. Large enough that the redirect before it costs little (the Hub's takes a tenth of a second, and
is counted), small enough that connections end together, and that a kill throws away half a gigabyte at the most."""

DIRECTORY = ".partial"


class Partial:
    def __init__(self, directory: Path, file: WeightFile) -> None:
        """Takes up what an earlier process left. Raises NoRoom."""
        self.file = file
        self.target = directory / file.path
        name = hashlib.sha256(f"{file.path} {file.sha256 or file.git_sha1}".encode()).hexdigest()
        self._data = directory / DIRECTORY / name
        self._marks = self._data.with_suffix(".parts")
        self._directory = directory
        self.arrived = threading.Condition()
        self._count = -(-file.size // PART)
        self._data.parent.mkdir(parents=True, exist_ok=True)
        self._open()
        self.resumed = any(self._there)

    def missing(self) -> Iterator[tuple[int, int]]:
        """Start and end of each part that is not there, in order."""
        for index in range(self._count):
            if not self._there[index]:
                yield index * PART, min((index + 1) * PART, self.file.size)

    @property
    def done(self) -> int:
        """Bytes of the parts that are there."""
        return self.file.size - sum(end - start for start, end in self.missing())

    def has_up_to(self, end: int) -> bool:
        """Whether the part that ends there has arrived."""
        return bool(self._there[(end - 1) // PART])

    def write(self, at: int, piece: memoryview) -> None:
        """Raises NoRoom."""
        try:
            while piece:
                written = os.pwrite(self._fd, piece, at)
                piece, at = piece[written:], at + written
        except OSError as error:
            raise _full(error, self._directory) from error

    def mark(self, start: int) -> None:
        """The part that begins there is whole."""
        try:
            os.pwrite(self._marks_fd, b"\1", start // PART)
        except OSError as error:
            raise _full(error, self._directory) from error
        with self.arrived:
            self._there[start // PART] = 1
            self.arrived.notify_all()

    def read(self, start: int, into: memoryview) -> int:
        return os.preadv(self._fd, [into], start)

    def finish(self) -> None:
        """Give the file its name, its bytes flushed before. Raises NoRoom."""
        try:
            os.fsync(self._fd)
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self._data.replace(self.target)
            _sync_directory(self.target.parent)
        except OSError as error:
            raise _full(error, self._directory) from error
        self.close()
        self._marks.unlink(missing_ok=True)

    def start_over(self) -> None:
        """Forget all parts."""
        self.discard()
        self._open()
        self.resumed = False

    def discard(self) -> None:
        self.close()
        self._data.unlink(missing_ok=True)
        self._marks.unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._fd)
        os.close(self._marks_fd)

    def _open(self) -> None:
        try:
            self._fd = os.open(self._data, os.O_RDWR | os.O_CREAT, 0o644)
            self._marks_fd = os.open(self._marks, os.O_RDWR | os.O_CREAT, 0o644)
            os.truncate(self._fd, self.file.size)
        except OSError as error:
            raise _full(error, self._directory) from error
        self._there = bytearray(os.pread(self._marks_fd, self._count, 0).ljust(self._count, b"\0"))


def _full(error: OSError, directory: Path) -> Exception:
    if error.errno not in FULL:
        return error
    return NoRoom(
        f"{directory} is full ({error.strerror}); the weights need more. Give the node, or the volume, more room."
    )


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
