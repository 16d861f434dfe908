"""What the ways to a Pulumi CLI have in common: their result, their progress and their refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Way = Literal["explicit", "path", "cached", "downloaded", "built"]


@dataclass(frozen=True, kw_only=True)
class PulumiCli:
    """A Pulumi CLI that has answered `pulumi version`."""

    path: Path
    version: str
    """Without the leading v: `3.259.0`."""

    way: Way
    why: str
    """One sentence: which way was taken, and why the earlier ones did not do."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One moment of a set-up that may take minutes."""

    name: str
    detail: str
    fraction: float | None = None
    """Between 0 and 1, or None where the whole is not known."""


Progress = Callable[[Step], None]


class WayClosed(Exception):
    """This way leads to no Pulumi CLI; the message is the reason, and the next way is tried."""
