"""Who may change a stack: one llmctl at a time on this machine, by a file lock that dies with its process."""

from __future__ import annotations

import getpass
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from llmctl.infra.errors import StackLocked
from llmctl.infra.process_id import ProcessId

SECONDS_TO_SAY_WHO = 10
"""A holder says who it is right after it took the lock; a machine under load may make it wait that long."""


@contextmanager
def stack_lock(stack_home: Path, stack: str, command: str) -> Iterator[None]:
    """Hold the lock of a stack. Raises StackLocked, naming the holder, when somebody else on this machine has it."""
    stack_home.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(stack_home / "lock"), stack_home / "lock-holder.json"
    try:
        lock.acquire(timeout=SECONDS_TO_SAY_WHO, cancel_check=lambda: _holder(holder) is not None)
    except Timeout:
        raise StackLocked(
            f"Stack {stack} is in use: {_told(_holder(holder))}. Wait for it to end, or stop it; nothing was changed."
        ) from None
    try:
        _say(holder, _me(command))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _me(command: str) -> dict[str, str | int | float]:
    own = ProcessId.own()
    return {
        "command": command,
        "pid": own.pid,
        "started": own.started,
        "user": getpass.getuser(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _say(holder: Path, who: dict[str, str | int | float]) -> None:
    """All at once: a reader never sees half of it."""
    draft = holder.with_suffix(".draft")
    draft.write_text(json.dumps(who), encoding="utf-8")
    draft.replace(holder)


def _holder(holder: Path) -> dict[str, str | int | float] | None:
    """Who says that the lock is theirs, if that process lives: a killed one leaves its file behind."""
    try:
        who: dict[str, str | int | float] = json.loads(holder.read_text(encoding="utf-8"))
        alive = ProcessId(int(who["pid"]), float(who["started"])).alive()
    except (OSError, ValueError, KeyError):
        return None
    return who if alive else None


def _told(who: dict[str, str | int | float] | None) -> str:
    if who is None:
        return "another llmctl has just begun or ended with it"
    return "`{command}` by {user}@{host}, process {pid}, since {since}".format(**who)
