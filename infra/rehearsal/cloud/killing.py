"""Ends the Pulumi CLI at a chosen point of its work: the one whose connection asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

CLI = "pulumi"
STATE = "PULUMI_BACKEND_URL"
RECORDED_SECONDS = 10.0
LOOK_SECONDS = 0.01
GONE_SECONDS = 5.0


def of(context: Any) -> Callable[[], None]:
    """Kills the process at the other end of a request's connection, as `kill -9` does."""
    port = int(context.peer().rpartition(":")[2])

    def kill() -> None:
        process = _at(port)
        if process:
            process.kill()
            with suppress(psutil.TimeoutExpired):
                process.wait(GONE_SECONDS)

    return kill


def _at(port: int) -> psutil.Process | None:
    """The Pulumi CLI that has this local port."""
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if process.info["name"] == CLI and any(
                each.laddr and each.laddr.port == port for each in process.net_connections("tcp")
            ):
                return process
    return None


def when_recorded(id_: str, kill: Callable[[], None], context: Any) -> None:
    """Kills once the answer was sent and the state that the CLI keeps in files has the id."""
    states = _states(context)

    def wait() -> None:
        until = time.monotonic() + RECORDED_SECONDS
        while time.monotonic() < until:
            if any(f'"{id_}"' in file.read_text(encoding="utf-8") for file in states() if file.exists()):
                kill()
                return
            time.sleep(LOOK_SECONDS)

    context.add_callback(lambda: threading.Thread(target=wait, daemon=True).start())


def _states(context: Any) -> Callable[[], list[Path]]:
    process = _at(int(context.peer().rpartition(":")[2]))
    backend = process.environ().get(STATE, "") if process else ""
    root = Path(backend.removeprefix("file://")) / ".pulumi" / "stacks"
    return lambda: list(root.rglob("*.json")) if backend.startswith("file://") else []
