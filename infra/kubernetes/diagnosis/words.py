"""What the stages share: logs to read, and words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Logs = Mapping[tuple[str, str], Sequence[str]]
"""(pod, container) -> the last lines of its log; of one that restarted, those of the time before."""


def several(words: Iterable[str], most: int = 4) -> str:
    """'a, b and c'; the rest is counted."""
    listed = list(words)
    if len(listed) > most:
        listed = [*listed[: most - 1], f"{len(listed) - most + 1} more"]
    return " and ".join(filter(None, (", ".join(listed[:-1]), *listed[-1:])))
