"""The phases of a cold start, told to the engine in a shape that a program can read.

`phase=<name> [done=<bytes> total=<bytes>]`, as ephemeral info messages that carry the resource's URN.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum

LEAST_INTERVAL_SECONDS = 0.25
"""Between two messages on one download: a display draws no faster, and each message is a call to the engine."""


class Phase(StrEnum):
    RESOLVE = "resolve"
    DOWNLOAD = "download"
    VERIFY = "verify"
    START = "start"
    LOAD = "load"
    WARM_UP = "warm-up"


class Cancelled(Exception):
    """The engine asked to stop."""


class Progress:
    """Tells the phases; every report is also the place where a cancelled operation ends."""

    def __init__(self, say: Callable[[str], None], is_cancelled: Callable[[], bool]) -> None:
        self._say, self._is_cancelled = say, is_cancelled
        self._last = 0.0

    def enter(self, phase: Phase) -> None:
        self.check_cancelled()
        self._say(f"phase={phase}")

    def bytes(self, done: int, total: int | None) -> None:
        """How far the download is; total None where the source does not say."""
        self.check_cancelled()
        now = time.monotonic()
        if done == total or now - self._last >= LEAST_INTERVAL_SECONDS:
            self._last = now
            self._say(f"phase={Phase.DOWNLOAD} done={done}" + (f" total={total}" if total else ""))

    def check_cancelled(self) -> None:
        if self._is_cancelled():
            raise Cancelled("cancelled before the model server was ready")
