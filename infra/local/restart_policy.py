"""When a crashed server is started again, and when it is given up. Arithmetic only."""

from __future__ import annotations

from dataclasses import dataclass

STABLE_SECONDS = 60.0
"""A server that was healthy this long starts with a clean record."""

LONGEST_DELAY_SECONDS = 60.0
FUTILE_STARTS = 5
"""Starts in a row that never became healthy before the server is given up; their delays add up to 7 s."""


@dataclass(frozen=True)
class Crashes:
    """The record of a server: crashes in a row, and how many of those came before it was ever healthy."""

    in_a_row: int = 0
    futile: int = 0

    def another(self, healthy_for: float | None) -> Crashes:
        """The record after one more crash; `healthy_for` in seconds, None if it never was."""
        if healthy_for is None:
            return Crashes(self.in_a_row + 1, self.futile + 1)
        return Crashes(1 if healthy_for >= STABLE_SECONDS else self.in_a_row + 1, 0)

    def delay(self) -> float | None:
        """Seconds to wait before the next start: 0, 1, 2, 4, ... 60; None if there is to be none."""
        if self.futile >= FUTILE_STARTS:
            return None
        return 0.0 if self.in_a_row <= 1 else min(LONGEST_DELAY_SECONDS, 2.0 ** (self.in_a_row - 2))

    @property
    def looping(self) -> bool:
        return self.in_a_row > 1
