"""What a changed input, or a server that is not as it was left, means for the process."""

from __future__ import annotations

from dataclasses import dataclass

from llmctl.infra.local.server_process import State
from llmctl.infra.provider.inputs import INPUTS, Change
from llmctl.infra.provider.properties import Properties

PROCESS = "process"
"""The output that says how the process is doing; a difference in it is healed by an update."""

HEALTHY: tuple[State, ...] = ("running", "starting")


@dataclass(frozen=True)
class Difference:
    changed: tuple[str, ...]
    process: bool
    """The server or its supervisor is not alive, whatever the inputs."""

    @property
    def any(self) -> bool:
        return bool(self.changed) or self.process

    @property
    def replaces(self) -> tuple[str, ...]:
        return tuple(name for name in self.changed if INPUTS[name].change is Change.REPLACE)

    @property
    def restarts(self) -> bool:
        """Whether another process will serve afterwards."""
        return self.process or any(INPUTS[name].change is not Change.NOTE for name in self.changed)


def difference(olds: Properties, news: Properties, state: State) -> Difference:
    """Compare old and new inputs; an unknown new value counts as changed."""
    changed = tuple(name for name in INPUTS if olds.get(name) != news.get(name))
    return Difference(changed, process=state not in HEALTHY)
