"""The journal of one stack: who did what, when, with which plan and result. Append-only JSON lines.

Each line carries the hash of the one before it. A chain alone proves nothing to somebody who rewrites all of it,
so the newest line that began a change is anchored: its hash is a stack output, kept in Pulumi's state.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

GENESIS = "0" * 64
BEGUN = "begun"
"""The event of a line that is anchored: written before the plan of an `up` or `down` is made."""


@dataclass(frozen=True)
class Entry:
    """One line: its content and its hash (SHA-256 of the content as canonical JSON, hex)."""

    content: Mapping[str, Any]
    hash: str


@dataclass(frozen=True)
class Verdict:
    """What checking the journal came to. `problem` is None where every line follows from the one before."""

    entries: tuple[Entry, ...]
    problem: str | None


class Journal:
    """The file `journal.jsonl` below a stack's home. Writers hold the stack's lock."""

    def __init__(self, stack_home: Path) -> None:
        self.path = stack_home / "journal.jsonl"

    def append(self, event: str, **details: Any) -> Entry:
        """Write one line, and have it on the disk before returning."""
        entries = self._read()
        content = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "user": getpass.getuser(),
            "host": socket.gethostname(),
            "event": event,
            **details,
            "previous": entries[-1].hash if entries else GENESIS,
        }
        self._write(content)
        return _entry(content)

    def anchor(self) -> str | None:
        """The hash that the stack output must hold: that of the newest line that began a change."""
        begun = (entry.hash for entry in reversed(self._read()) if entry.content.get("event") == BEGUN)
        return next(begun, None)

    def usual_phases(self) -> Mapping[str, float]:
        """Seconds of each phase of a cold start, as the newest change that succeeded and had it took."""
        usual: dict[str, float] = {}
        for entry in self._read():
            if entry.content.get("result") == "done":
                usual.update(entry.content.get("phases", {}))
        return usual

    def check(self, anchored: str | None) -> Verdict:
        """Follow the chain, and find the anchor of the stack output in it."""
        try:
            entries = self._read()
        except ValueError as error:
            return Verdict((), str(error))
        broken = _first_break(entries)
        if broken:
            return Verdict(tuple(entries), broken)
        if anchored and anchored not in {entry.hash for entry in entries}:
            return Verdict(
                tuple(entries),
                f"the stack output {anchored[:12]} is the hash of no line: the journal was rewritten or cut",
            )
        return Verdict(tuple(entries), None)

    def _read(self) -> list[Entry]:
        """Every whole line. A torn last line, left by a crash while writing, is not part of the journal."""
        try:
            lines = self.path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        return [_parsed(number, line) for number, line in enumerate(lines, 1)]

    def _write(self, content: Mapping[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(0)
            whole = file.read().rfind(b"\n") + 1
            if whole != end:
                file.truncate(whole)
            file.write(_canonical(content) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _entry(content: Mapping[str, Any]) -> Entry:
    return Entry(content, hashlib.sha256(_canonical(content)).hexdigest())


def _parsed(number: int, line: bytes) -> Entry:
    try:
        content = json.loads(line)
    except ValueError:
        raise ValueError(f"line {number} is not JSON") from None
    if not isinstance(content, dict):
        raise ValueError(f"line {number} is not a JSON object")
    return _entry(content)


def _first_break(entries: Iterable[Entry]) -> str | None:
    expected = GENESIS
    for number, entry in enumerate(entries, 1):
        if entry.content.get("previous") != expected:
            return f"line {number} does not follow from the line before it: a line was changed, removed or added"
        expected = entry.hash
    return None
