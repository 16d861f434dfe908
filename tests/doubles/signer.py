"""Credentials that sign nothing, and tell how often they were asked to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass
class Counting:
    times: int = 0

    def signed_identity(self, headers: Mapping[str, str], seconds: int) -> str:
        self.times += 1
        return f"https://sts/{self.times}"
