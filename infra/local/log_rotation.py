"""Keep a log that other processes append to within bounds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LARGEST_BYTES = 10 * 2**20
"""One part of the log. With three parts kept, a chatty server takes no more than 40 MiB of the user's disk."""

KEPT_PARTS = 3


def rotate(log: Path, largest: int = LARGEST_BYTES) -> None:
    """Move what is in the log to `.1`, and older parts one up, once it is larger than `largest` bytes.

    The file is copied and emptied, not renamed: the server writes to it directly (O_APPEND), so that its
    log goes on when the supervisor is killed. Lines written between copying and emptying are lost.
    """
    if not log.exists() or log.stat().st_size <= largest:
        return
    for number in range(KEPT_PARTS - 1, 0, -1):
        older = part(log, number)
        if older.exists():
            older.replace(part(log, number + 1))
    shutil.copyfile(log, part(log, 1))
    part(log, 1).chmod(0o600)
    os.truncate(log, 0)


def part(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")


def last_line(log: Path, after: int) -> str:
    """The last line that says something after that offset (bytes), at most 500 characters of it."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(min(after, size), size - 8192))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
    said = [line for line in lines if line]
    return said[-1][:500] if said else ""
