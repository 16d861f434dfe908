"""How a stack is doing."""

from __future__ import annotations

import time

from llmctl.cli.view import Table, View
from llmctl.infra.status import StackStatus

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def status_view(status: StackStatus) -> View:
    data = {
        "stack": status.stack,
        "target": status.target,
        "model": status.model,
        "state": status.state,
        "healthy": status.healthy,
        "endpoint": status.endpoint,
        "apiKeyFile": status.api_key_file,
        "logFile": status.log_file,
        "details": dict(status.details),
        "problem": status.problem,
    }
    rows = [
        ("stack", f"{status.stack} ({status.target})"),
        ("model", status.model),
        ("state", f"{status.state}{_health(status)}"),
        ("endpoint", f"{status.endpoint}/v1" if status.endpoint else ""),
        ("API key", f"in {status.api_key_file}" if status.api_key_file else ""),
        *((_words(name), _shown(name, value)) for name, value in status.details.items()),
    ]
    text: list[str | Table] = [Table((), [row for row in rows if row[1]])]
    return View(data, [*text, *([status.problem] if status.problem else [])])


def _health(status: StackStatus) -> str:
    if not status.is_deployed:
        return ""
    return ", answers" if status.healthy else ", does not answer"


def _words(name: str) -> str:
    """`memoryBytes` -> 'memory', `supervisorPid` -> 'supervisor'."""
    return {"pid": "process", "supervisorPid": "supervisor", "startedAt": "up for", "memoryBytes": "memory"}.get(
        name, name
    )


def _shown(name: str, value: str | float | None) -> str:
    if value is None:
        return ""
    if name == "startedAt":
        return duration(time.time() - float(value))
    if name == "memoryBytes":
        return size(int(value))
    return str(value)


def duration(seconds: float) -> str:
    """3725 -> '1 h 2 min'."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{int(seconds)} s"


def size(number: float) -> str:
    """1610612736 -> '1.5 GiB'."""
    for unit in UNITS:
        if number < 1024 or unit == UNITS[-1]:
            break
        number /= 1024
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
