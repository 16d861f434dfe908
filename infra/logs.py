"""Log: what the model servers of a stack write, in the same shape for every target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LogQuery:
    lines: int
    """How many of the last ones."""

    follow: bool = False
    model: str | None = None
    """Only of this model's replicas."""

    replica: str | None = None
    """Only of this one."""

    gateway: bool = False
    """Of the gateways instead of the models."""


@dataclass(frozen=True, kw_only=True)
class Log:
    last: Sequence[str]
    """Lines without their ends."""

    more: Iterator[str]
    """What comes after them, as text with line ends, until the reader stops; empty where it is not followed."""
