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


def tail(path: str, count: int) -> tuple[list[str], Iterator[str]]:
    """The last `count` lines of a log, and what is appended from there on, which goes on until the caller stops.

    Bytes that are not UTF-8 are shown as replacement characters.
    """
    file = Path(path).open(encoding="utf-8", errors="replace")  # noqa: SIM115  (the second result reads on from it)
    lines = [line.rstrip("\n") for line in deque(iter(file.readline, ""), count)]
    return lines, _appended(file)


def _appended(file: TextIO) -> Iterator[str]:
    with file:
        while True:
            piece = file.read()
            if piece:
                yield piece
            elif os.fstat(file.fileno()).st_size < file.tell():  # the supervisor copied the log away and emptied it
                file.seek(0)
            else:
                time.sleep(INTERVAL)
