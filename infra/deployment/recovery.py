"""What a killed deployment leaves behind, and how it is put right: nothing of it heals by itself in Pulumi.

A lock is broken only when it was taken on this host by a process that is gone. An unfinished operation is looked at
(a refresh asks the provider what is really there) before it is cleared; dropping it unseen would orphan what it made.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from llmctl.infra.errors import StackLocked

GRACE = 10.0
"""Seconds that an orphaned Pulumi CLI gets to notice that the llmctl it worked for is gone."""


@dataclass(frozen=True)
class PulumiLock:
    """Pulumi's own lock on a stack of a file backend (pkg/backend/diy/lock.go)."""

    pid: int
    username: str
    hostname: str
    timestamp: str

    @property
    def is_stale(self) -> bool:
        return self.hostname == socket.gethostname() and not _is_pulumi(self.pid)

    def __str__(self) -> str:
        return f"{self.username}@{self.hostname}, process {self.pid}, since {self.timestamp}"


def pulumi_locks(state: Path, project: str, stack: str) -> list[PulumiLock]:
    """The locks on a stack. One that cannot be read is being written or removed this moment, and is left out."""
    found = []
    for path in (state / ".pulumi" / "locks" / "organization" / project / stack).glob("*.json"):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            found.append(PulumiLock(**{name: content[name] for name in PulumiLock.__dataclass_fields__}))
        except (OSError, ValueError, KeyError):
            continue
    return found


def refuse_unless_stale(locks: Iterable[PulumiLock], stack: str) -> None:
    """Raises StackLocked when one of the locks is held by somebody who may be at work."""
    held = [lock for lock in locks if not _gone_within_grace(lock)]
    if held:
        raise StackLocked(
            f"Pulumi's lock on stack {stack} is held by {held[0]}. Wait for it; if that process is certainly "
            "dead, run the command again with --force-unlock."
        )


def _gone_within_grace(lock: PulumiLock) -> bool:
    until = time.monotonic() + GRACE
    while lock.hostname == socket.gethostname() and not lock.is_stale and time.monotonic() < until:
        time.sleep(0.1)
    return lock.is_stale


def _is_pulumi(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and process.name().startswith("pulumi")
    except psutil.NoSuchProcess:
        return False
