"""Wait for what another process is about to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(question: Callable[[], T], *, within: float = 20.0) -> T:
    """The first true answer; AssertionError with the last one if there is none in that time (seconds)."""
    deadline = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < deadline, f"still {answer!r} after {within:g} s"
        time.sleep(0.02)
    return answer
