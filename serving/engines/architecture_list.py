"""Which models an engine has code for, by class or type in config.json or by name in a GGUF."""

from __future__ import annotations

import json
from functools import cache

from llmctl.serving.engines.engine import Architectures


@cache
def stored_architectures(engine: str) -> Architectures:
    """`<engine>/architectures.json`: {"source", "names": [name], "removed": {name: last release with it}}, and
    "by" where the names are not of classes but of model types."""
    from importlib.resources import files  # 10 ms, as in flags.py

    path = files("llmctl.serving.engines") / engine / "architectures.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Architectures(
        by=stored.get("by", "architecture"),
        names=frozenset(stored["names"]),
        source=stored["source"],
        removed=stored["removed"],
    )
