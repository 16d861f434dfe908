"""Read the end of a log file, and go on as it grows. The supervisor rotates it by size."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

INTERVAL = 0.2
"""Seconds between two looks at a followed log."""


def last_lines(path: str, count: int) -> list[str]:
    """The last `count` lines. Bytes that are not UTF-8 are shown as replacement characters."""
    with _opened(path) as file:
        return [line.rstrip("\n") for line in deque(file, count)]


def follow_log(path: str) -> Iterator[str]:
    """What is appended from now on, until the caller stops. A rotated log is followed into its new file."""
    file = _opened(path)
    file.seek(0, os.SEEK_END)
    while True:
        piece = file.read()
        if piece:
            yield piece
        elif _was_rotated(path, file):
            file.close()
            file = _opened(path)
        else:
            time.sleep(INTERVAL)


def _opened(path: str) -> TextIO:
    return Path(path).open(encoding="utf-8", errors="replace")


def _was_rotated(path: str, file: TextIO) -> bool:
    with suppress(FileNotFoundError):
        return not os.path.samestat(os.stat(path), os.fstat(file.fileno()))  # noqa: PTH116  (the two are compared)
    return False
