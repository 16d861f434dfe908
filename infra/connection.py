"""Connection: where a stack's endpoint can be used from this machine, in the same shape for every target."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Of this machine, to listen on; 0: a free one."""

    endpoint: int = 0
    metrics: int | None = None
    """None: no metrics are wanted."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    url: str
    """Without /v1."""

    metrics_url: str | None
    api_key_file: str
    models: tuple[str, ...]
    """Names that clients put into `model`."""

    held: bool
    """It is there only as long as llmctl holds it open."""
