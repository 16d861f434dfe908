"""Ctrl-C and SIGTERM: passed once to the Pulumi CLI, which then finishes what it is at and leaves a consistent state.

The Automation API would die with the signal and take the Pulumi CLI with it in the middle of a step, so the CLI runs
in a session of its own, the work runs in a thread, and only this module decides what the signal means.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether the user asked to stop, and how often. The first time means: finish the step; the second: at once."""

    def __init__(self) -> None:
        self.times = 0
        self._stop: Callable[[], None] | None = None
        self._told: Callable[[int], None] | None = None

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.times += 1
        if self.times <= 2 and self._stop:
            self._stop()
        if self._told:
            self._told(self.times)

    @contextmanager
    def stops(self, stop: Callable[[], None]) -> Iterator[None]:
        """While the block runs, a signal calls `stop`."""
        self._stop = stop
        try:
            yield
        finally:
            self._stop = None

    def run(self, work: Callable[[], T], told: Callable[[int], None]) -> T:
        """Run `work` in a thread while the main thread takes the signals; `told` hears of each. Returns its result."""
        if threading.current_thread() is not threading.main_thread():
            return work()
        self._told = told
        before = {number: signal.signal(number, self) for number in SIGNALS}
        try:
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="deployment") as pool:
                return pool.submit(work).result()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self._told = None
