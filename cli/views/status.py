"""How a stack is doing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from llmctl.cli.view import Table, View
from llmctl.infra.status import ModelStatus, StackStatus

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
        "models": [_model_data(model) for model in status.models],
        "problem": status.problem,
    }
    rows = [
        ("stack", f"{status.stack} ({status.target})"),
        ("model", status.model),
        ("state", f"{status.state}{_health(status)}"),
        ("endpoint", _endpoint(status)),
        ("API key", f"in {status.api_key_file}" if status.api_key_file else ""),
        *((_words(name), _shown(name, value)) for name, value in status.details.items()),
    ]
    text: list[str | Table] = [Table((), [row for row in rows if row[1]])]
    text += ["", _models(status.models), "", _replicas(status.models)] if status.models else []
    return View(data, [*text, *([*([""] if status.models else []), status.problem] if status.problem else [])])


def _endpoint(status: StackStatus) -> str:
    if not status.endpoint:
        return ""
    inside = f" (inside the cluster; from here: llmctl connect {status.stack})" if status.models else ""
    return f"{status.endpoint}/v1{inside}"


def _model_data(model: ModelStatus) -> dict[str, Any]:
    return {
        "name": model.name,
        "wanted": model.wanted,
        "working": model.working,
        "waiting": model.waiting,
        "tokensPerSecond": None if model.tokens_per_second is None else round(model.tokens_per_second, 1),
        "replicas": [
            {
                "name": each.name,
                "phase": each.phase,
                "age": round(each.age),
                "node": each.node,
                "gpus": each.gpus,
                "restarts": each.restarts,
            }
            for each in model.replicas
        ],
    }


def _models(models: Sequence[ModelStatus]) -> Table:
    columns = ("MODEL", "REPLICAS", "WORKING ON", "WAITING", "TOKENS/S")
    return Table(columns, [(each.name, _warm(each), *map(_number, _load(each))) for each in models])


def _warm(model: ModelStatus) -> str:
    return f"{sum(each.phase == 'warm' for each in model.replicas)} of {model.wanted} warm"


def _load(model: ModelStatus) -> tuple[float | None, ...]:
    return (model.working, model.waiting, model.tokens_per_second)


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f}"


def _replicas(models: Sequence[ModelStatus]) -> Table:
    columns = ("REPLICA", "PHASE", "AGE", "NODE", "GPU", "RESTARTS")
    rows = [
        (each.name, each.phase, duration(each.age), each.node or "none", each.gpus or "none", str(each.restarts))
        for model in models
        for each in model.replicas
    ]
    return Table(columns, rows)


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
