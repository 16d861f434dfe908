"""How a stack is doing, in the same shape for every target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class StackStatus:
    stack: str
    target: str
    model: str
    state: str
    """In the target's words; "not deployed" where there is nothing."""

    healthy: bool = False
    """The endpoint answered its health check just now."""

    endpoint: str | None = None
    api_key_file: str | None = None
    log_file: str | None = None
    details: Mapping[str, str | int | float | None] = field(default_factory=dict)
    problem: str | None = None
    """What is wrong, and what to do next, in one sentence."""

    @property
    def is_deployed(self) -> bool:
        return self.state != NOT_DEPLOYED


NOT_DEPLOYED = "not deployed"
