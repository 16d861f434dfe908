"""How long AWS takes, where somebody has said so; everything else counts as done at once."""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import Any

from llmctl.infra.rehearsal.cloud.request import Request


def usual_seconds(request: Request) -> float:
    return float(_table().get(request.type, {}).get(request.operation.value, 0))


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = json.loads(
        files(__package__).joinpath("latencies.json").read_text(encoding="utf-8")
    )
    return table
