"""The verbs of the Pulumi engine on one stack: each is interruptible, tells its progress, and fails with our errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pulumi import automation as auto
from pulumi.automation.errors import CommandError
from pulumi.automation.events import EngineEvent

from llmctl.infra.deployment.interruption import Interruption
from llmctl.infra.deployment.plan_reader import read_plan
from llmctl.infra.deployment.progress import Message, OnUpdate
from llmctl.infra.deployment.progress_reader import ProgressReader
from llmctl.infra.deployment.workspace import InlineProgram, translate
from llmctl.infra.errors import Interrupted
from llmctl.infra.plan import Plan

T = TypeVar("T")

OnEvent = Callable[[EngineEvent], None]

STATE_VERSION = 3
"""Of the checkpoint that `export_stack` gives (pulumi sdk/go/common/apitype: DeploymentSchemaVersionCurrent)."""

STOPPING = {
    1: "Stopping after the step at hand. Again Ctrl-C: stop at once, which may leave that step unfinished.",
    2: "Stopping at once. The next `llmctl up` looks at what was left unfinished.",
}


class PulumiEngine:
    def __init__(self, stack: auto.Stack, program: InlineProgram, interruption: Interruption, tell: OnUpdate) -> None:
        self._stack, self._program, self._interruption, self._tell = stack, program, interruption, tell

    def preview(self, file: Path, *, refresh: bool = False) -> Plan:
        """The plan of an `up`; `file` gets Pulumi's saved update plan. Raises DeploymentFailed or Interrupted.

        refresh: against what is really there, in place of what the state says; the state stays as it is.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        events: list[EngineEvent] = []
        self._run(lambda heard: self._stack.preview(plan=str(file), refresh=refresh, on_event=heard), events.append)
        file.chmod(0o600)
        return read_plan(self._stack.name, events, file)

    def preview_destroy(self) -> Plan:
        events: list[EngineEvent] = []
        self._run(lambda heard: self._stack.preview_destroy(exclude_protected=True, on_event=heard), events.append)
        return read_plan(self._stack.name, events, None)

    def up(self, file: Path, message: str) -> Mapping[str, Any]:
        """Do what the saved plan says, nothing else. Returns the stack's outputs, secrets in clear."""
        result = self._run(lambda heard: self._stack.up(plan=str(file), message=message, on_event=heard))
        return {name: output.value for name, output in result.outputs.items()}

    def destroy(self, message: str) -> None:
        """Protected resources stay, and what they need with them."""
        self._run(lambda heard: self._stack.destroy(message=message, exclude_protected=True, on_event=heard))

    def output(self, name: str) -> Any:
        """One output of the stack as it is in the state; None where there is none."""
        try:
            found = self._stack.outputs().get(name)
        except CommandError as error:
            raise translate(error, []) from error
        return found.value if found else None

    def unlock(self) -> None:
        """Remove Pulumi's lock, whoever holds it."""
        self._stack.cancel()

    def state(self) -> Mapping[str, Any]:
        """Pulumi's checkpoint of the stack: resources with their inputs, pending operations. Secrets are encrypted."""
        return self._stack.export_stack().deployment or {}

    def replace_state(self, state: Mapping[str, Any]) -> None:
        """Put another checkpoint in place of the stack's. Nothing is asked of a provider. Raises DeploymentFailed."""
        try:
            self._stack.import_stack(auto.Deployment(version=STATE_VERSION, deployment=dict(state)))
        except CommandError as error:
            raise translate(error, []) from error

    def pending_operations(self) -> list[str]:
        """`creating server` and the like, for each operation that the state has as begun and not ended."""
        pending = self.state().get("pending_operations") or []
        return [f"{each['type']} {each['resource']['urn'].rpartition('::')[2]}" for each in pending]

    def refresh(self) -> None:
        """Ask the providers what is really there, and clear creates that never ended."""
        self._run(lambda heard: self._stack.refresh(clear_pending_creates=True, on_event=heard))

    def _run(self, work: Callable[[OnEvent], T], also: OnEvent | None = None) -> T:
        reader = ProgressReader(self._tell)

        def heard(event: EngineEvent) -> None:
            reader(event)
            if also:
                also(event)

        try:
            return self._interruption.run(lambda: work(heard), self._say_that_it_stops)
        except CommandError as error:
            if self._interruption.times == 1:
                raise Interrupted("Stopped. The step at hand was finished and the state is consistent.") from error
            if self._interruption.times:
                raise Interrupted("Stopped at once. The next `llmctl up` looks at what was left unfinished.") from error
            raise (self._program.error or translate(error, reader.errors)) from error

    def _say_that_it_stops(self, times: int) -> None:
        if times in STOPPING:
            self._tell(Message("warning", STOPPING[times]))
