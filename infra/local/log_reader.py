"""Read the end of a log file, and go on as it grows. The supervisor rotates it by size."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

INTERVAL = 0.2
"""Seconds between two looks at a followed log."""


def open_log(path: str) -> TextIO:
    """A log to read; bytes that are not UTF-8 are read as replacement characters."""
    return Path(path).open(encoding="utf-8", errors="replace")


def last_lines(log: TextIO, count: int) -> list[str]:
    """The last `count` lines; the log is then at its end."""
    return [line.rstrip("\n") for line in deque(iter(log.readline, ""), count)]


def appended(log: TextIO) -> Iterator[str]:
    """What is appended from where the log stands, until the caller stops."""
    while True:
        piece = log.read()
        if piece:
            yield piece
        elif os.fstat(log.fileno()).st_size < log.tell():  # the supervisor copied the log away and emptied it
            log.seek(0)
        else:
            time.sleep(INTERVAL)
