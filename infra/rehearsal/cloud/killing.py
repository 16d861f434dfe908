"""Ends the Pulumi CLI at a chosen point of its work: the one whose connection asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

CLI = "pulumi"
STATE = "PULUMI_BACKEND_URL"
RECORDED_SECONDS = 30.0
LOOK_SECONDS = 0.01
GONE_SECONDS = 5.0


def of(context: Any) -> Callable[[], None]:
    """Kills the process at the other end of a request's connection, as `kill -9` does."""

    def kill() -> None:
        if process := _at(context):
            _end(process)

    return kill


def _end(process: psutil.Process) -> None:
    process.kill()
    with suppress(psutil.TimeoutExpired):
        process.wait(GONE_SECONDS)


def _at(context: Any) -> psutil.Process | None:
    """The Pulumi CLI whose connection it is."""
    port = int(context.peer().rpartition(":")[2])
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if process.info["name"] == CLI and any(
                each.laddr and each.laddr.port == port for each in process.net_connections("tcp")
            ):
                return process
    return None


def when_recorded(id_: str, context: Any) -> None:
    """Kills once the answer was sent and the state that the CLI keeps in files has the resource."""
    process = _at(context)
    if process is None:
        return
    backend = process.environ().get(STATE, "")
    stacks = Path(backend.removeprefix("file://")) / ".pulumi" / "stacks"
    watching = threading.Thread(target=_watch, args=(id_, stacks, process), daemon=True)
    context.add_callback(watching.start)


def _watch(id_: str, stacks: Path, process: psutil.Process) -> None:
    until = time.monotonic() + RECORDED_SECONDS
    with suppress(psutil.NoSuchProcess):
        while time.monotonic() < until:
            # Held meanwhile: Pulumi writes its state in place, and one that is killed in the middle leaves half of it.
            process.suspend()
            if any(_has(file, id_) for file in stacks.rglob("*.json")):
                _end(process)
                return
            process.resume()
            time.sleep(LOOK_SECONDS)


def _has(file: Path, id_: str) -> bool:
    try:
        deployment = json.loads(file.read_text(encoding="utf-8"))["checkpoint"]["latest"] or {}
    except (OSError, ValueError, KeyError):
        return False
    return any(each.get("id") == id_ for each in deployment.get("resources", ()))
