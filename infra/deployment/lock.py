"""Who may change a stack: one llmctl at a time on this machine, by a file lock that dies with its process."""

from __future__ import annotations

import getpass
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from llmctl.infra.errors import StackLocked


@contextmanager
def stack_lock(stack_home: Path, stack: str, command: str) -> Iterator[None]:
    """Hold the lock of a stack. Raises StackLocked, naming the holder, when somebody else on this machine has it."""
    stack_home.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(stack_home / "lock"), stack_home / "lock-holder.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StackLocked(
            f"Stack {stack} is in use: {_told(holder)}. Wait for it to end, or stop it; nothing was changed."
        ) from None
    try:
        holder.write_text(json.dumps(_me(command)), encoding="utf-8")
        yield
        holder.unlink(missing_ok=True)
    finally:
        lock.release()


def _me(command: str) -> dict[str, str | int]:
    return {
        "command": command,
        "pid": os.getpid(),
        "user": getpass.getuser(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _told(holder: Path) -> str:
    try:
        who = json.loads(holder.read_text(encoding="utf-8"))
        return "`{command}` by {user}@{host}, process {pid}, since {since}".format(**who)
    except (OSError, ValueError, KeyError):  # it was taken this very moment
        return "another llmctl has just started"
