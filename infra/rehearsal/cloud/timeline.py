"""What was asked of the double and what became of it: JSON lines, one for each operation, appended as they end."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "timeline.jsonl"


@dataclass(frozen=True, kw_only=True)
class Moment:
    began: str
    """ISO 8601, UTC."""

    ended: str
    operation: str
    type: str
    name: str
    """Of the resource in the program; of a function its token."""

    id: str = ""
    outcome: str = "done"
    """done, refused, not ready, answer lost."""

    message: str = ""
    faults: tuple[str, ...] = ()
    """That were met on the way, also where it went well in the end."""

    usually: float = 0.0
    """Seconds that the original takes for it."""


class Timeline:
    def __init__(self, world: Path) -> None:
        self._path, self._lock = world / FILE, threading.Lock()

    def add(self, moment: Moment) -> None:
        line = json.dumps(asdict(moment), ensure_ascii=False)
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


def read_timeline(world: Path) -> list[Moment]:
    path = world / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else ()
    return [Moment(**{**values, "faults": tuple(values["faults"])}) for values in map(json.loads, lines)]
