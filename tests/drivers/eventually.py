"""Wait for what another process is about to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 180.0
"""Deadline of everything that waits; long, because the machine may be busy, and never waited out on success."""


def eventually(question: Callable[[], T], what: str = "the condition", *, within: float = PATIENCE_S) -> T:
    """The first true answer; AssertionError with the last one if there is none in that time (seconds)."""
    deadline = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < deadline, f"{what}: still {answer!r} after {within:g} s"
        time.sleep(0.02)
    return answer
