"""What a person follows of a deployment: resources that start and end, phases of the cold start, messages."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from llmctl.infra.plan import Operation


@dataclass(frozen=True)
class ResourceStarted:
    name: str
    type: str
    operation: Operation


@dataclass(frozen=True)
class ResourceDone:
    name: str
    type: str
    operation: Operation
    seconds: float
    failed: bool = False


@dataclass(frozen=True)
class PhaseReached:
    """A phase of a cold start: resolve, download, verify, start, load, warm-up. `done` and `total` are bytes."""

    name: str
    done: int | None = None
    total: int | None = None
    usual: float | None = None
    """Seconds that this phase took the last time."""


@dataclass(frozen=True)
class Message:
    severity: str
    text: str


Update = ResourceStarted | ResourceDone | PhaseReached | Message
OnUpdate = Callable[[Update], None]


class PhaseClock:
    """Hands updates on to `tell`, phases with what they took the last time, and keeps how long they take now."""

    def __init__(self, tell: OnUpdate, usual: Mapping[str, float]) -> None:
        self._tell, self._usual = tell, usual
        self._current: str | None = None
        self._since = 0.0
        self.seconds: dict[str, float] = {}

    def __call__(self, update: Update) -> None:
        if isinstance(update, PhaseReached):
            if update.name != self._current:
                self._turn_to(update.name)
            update = replace(update, usual=self._usual.get(update.name))
        elif isinstance(update, ResourceDone):
            self._turn_to(None)
        self._tell(update)

    def _turn_to(self, phase: str | None) -> None:
        now = time.monotonic()
        if self._current:
            self.seconds[self._current] = round(now - self._since, 1)
        self._current, self._since = phase, now
