"""The flags an engine knows at its release: a stored list with its source. A typo is found before a GPU is paid for."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from llmctl.serving.errors import EngineError


@dataclass(frozen=True, kw_only=True)
class FlagList:
    engine: str
    release: str
    source: str
    """Package and file the list was read from."""

    takes_value: Mapping[str, bool]
    """Flag without its leading dashes -> whether a value follows it."""

    environment: frozenset[str] = frozenset()
    """Variables that the engine reads, or a library in its image."""

    def check(self, names: Iterable[str]) -> None:
        """Raises EngineError for the first name that is no flag of this release, with the nearest one that is."""
        for name in names:
            if name not in self.takes_value:
                near = difflib.get_close_matches(name, self.takes_value, n=3)
                meant = f" Did you mean {' or '.join(near)}?" if near else ""
                raise EngineError(f"{self.engine} {self.release} has no flag --{name}.{meant}")


@cache
def stored_flags(engine: str) -> FlagList:
    """`<engine>/flags.json`: {"release", "source", "flags": {name: takes value}, "environment": [name],
    "libraries": {library: [name]}}; the last two may be missing."""
    from importlib.resources import files  # 10 ms, needed for an answer, not for a command line's start

    stored = json.loads((files("llmctl.serving.engines") / engine / "flags.json").read_text(encoding="utf-8"))
    return FlagList(
        engine=engine,
        release=stored["release"],
        source=stored["source"],
        takes_value=stored["flags"],
        environment=frozenset(stored.get("environment", ())).union(*stored.get("libraries", {}).values()),
    )
