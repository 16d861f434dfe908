"""From a list of files to a directory that holds them, each whole and verified."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from llmctl.serving.models.integrity import is_whole, stamp
from llmctl.serving.weights.fetch.errors import NoRoom
from llmctl.serving.weights.fetch.partial import DIRECTORY, Partial
from llmctl.serving.weights.fetch.sources import BUFFER, Source
from llmctl.serving.weights.fetch.verifying import expected, new_digest
from llmctl.serving.weights.fetch.workers import Manner, Round
from llmctl.serving.weights.progress import Finished
from llmctl.serving.weights.spec import WeightFile

Say = Callable[[str], None]


def fetch(
    files: Sequence[WeightFile], directory: Path, open_source: Callable[[], Source], *, manner: Manner, say: Say
) -> Finished:
    """Bring `files` into `directory`; what is whole there already is not asked for again.

    Raises Refused, Interrupted, Damaged, NoRoom. Another call takes up what this one left.
    """
    begun, fetched = time.monotonic(), 0
    stamps = directory / DIRECTORY / "verified"
    left = [Partial(directory, file) for file in files if not _is_there(directory, file, stamps)]
    _require_room(directory, left)
    while left:
        todo = Round(left, open_source, manner)
        try:
            todo.run(say)
        finally:
            fetched += todo.fetched
        left = todo.again
        for partial in left:
            say(f"{partial.file.path}: what an earlier try had left is damaged; fetching it again")
    for file in files:
        if file.sha256:
            stamp(directory / file.path, sha256=file.sha256, stamps=stamps)
    return Finished(fetched=fetched, seconds=time.monotonic() - begun, total=sum(file.size for file in files))


def _is_there(directory: Path, file: WeightFile, stamps: Path) -> bool:
    path = directory / file.path
    if file.sha256:
        return is_whole(path, sha256=file.sha256, size=file.size, stamps=stamps)
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    digest = new_digest(file)
    with path.open("rb") as opened:
        while piece := opened.read(BUFFER):
            digest.update(piece)
    return digest.hexdigest() == expected(file)


def _require_room(directory: Path, left: Sequence[Partial]) -> None:
    """Before anything is fetched: a disk that fills up after half an hour is a bad way to hear of it."""
    needed, free = sum(partial.file.size - partial.done for partial in left), shutil.disk_usage(directory).free
    if needed > free:
        raise NoRoom(
            f"The weights need {needed / 1e9:.1f} GB more in {directory}, where {free / 1e9:.1f} GB are free. "
            "Give the node, or the volume, more room."
        )


def umask() -> None:
    """The engine runs as another user, and has to read what is written here."""
    os.umask(0o022)
