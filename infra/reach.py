"""Reach: how llmctl itself talks to a stack's endpoint, in the same shape for every target."""

from __future__ import annotations

from dataclasses import dataclass

from llmctl.serving.client import Endpoint


@dataclass(frozen=True, kw_only=True)
class Reach:
    endpoint: Endpoint
    """Open as long as the target's `reach` is entered: it may lie behind a tunnel."""

    address: str
    """What a user is told: a URL, or where the endpoint is in the cluster."""

    api_key_file: str
    models: tuple[str, ...]
    """Names that clients put into `model`."""
