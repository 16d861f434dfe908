"""Which model classes (`architectures` of config.json) an engine has code for: said before a GPU is paid for."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from llmctl.serving.engines.engine import Architectures


@cache
def stored_architectures(engine: str) -> Architectures:
    """`architecture_lists/<engine>.json`: {"source", "names": [class], "removed": {class: last release with it}}."""
    path = files("llmctl.serving.engines") / "architecture_lists" / f"{engine}.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Architectures(
        by="architecture",
        names=frozenset(stored["names"]),
        source=stored["source"],
        removed=stored["removed"],
    )
