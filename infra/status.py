"""How a stack is doing, in the same shape for every target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ReplicaStatus:
    name: str
    phase: str
    """In the target's words, as far as it is on its way to its first answer."""

    age: float
    """Seconds since it was made."""

    node: str | None
    gpus: str | None
    """How many of which kind it holds: "2 nvidia.com/gpu"; None on the processor."""

    restarts: int


@dataclass(frozen=True, kw_only=True)
class ModelStatus:
    name: str
    """What clients ask for."""

    wanted: int
    """Replicas that there should be."""

    replicas: tuple[ReplicaStatus, ...]
    working: int | None
    """Requests that replicas work on, over all gateways; None: no gateway said."""

    waiting: int | None
    """Requests that wait for a slot."""

    tokens_per_second: float | None
    """That the engines generated during a short look; None: nobody could be asked."""


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
    models: tuple[ModelStatus, ...] = ()
    """Of a target where they have replicas."""

    problem: str | None = None
    """What is wrong, and what to do next, in one sentence."""

    @property
    def is_deployed(self) -> bool:
        return self.state != NOT_DEPLOYED


NOT_DEPLOYED = "not deployed"
