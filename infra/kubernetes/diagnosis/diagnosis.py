"""Diagnosis: what is wrong in one sentence, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Logs = Mapping[tuple[str, str], Sequence[str]]
"""(pod, container) -> the last lines of its log; of one that restarted, those of the time before."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    sentence: str
    """With a full stop."""

    fix: str
    about: str
    """The object it was seen at, as `kubectl get` takes it: pod/chat-6d8f."""

    evidence: tuple[str, ...] = ()
    """Words of the cluster itself: events, log lines."""

    wrong: bool = True
    """False for what only takes its time, and for nothing at all."""


def several(words: Iterable[str], most: int = 4) -> str:
    """'a, b and c'; the rest is counted."""
    listed = list(words)
    if len(listed) > most:
        listed = [*listed[: most - 1], f"{len(listed) - most + 1} more"]
    return " and ".join(filter(None, (", ".join(listed[:-1]), *listed[-1:])))
