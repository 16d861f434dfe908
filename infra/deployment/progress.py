"""Engine events as what a person follows: resources that start and end, phases of the cold start, messages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pulumi.automation.events import EngineEvent, StepEventMetadata

from llmctl.infra.deployment.plan_reader import OPERATIONS, PROVIDER_PREFIX, STACK_TYPE
from llmctl.infra.plan import Operation


@dataclass(frozen=True)
class ResourceStarted:
    name: str
    type: str
    operation: Operation


@dataclass(frozen=True)
class ResourceDone:
    name: str
    type: str
    operation: Operation
    seconds: float
    failed: bool = False


@dataclass(frozen=True)
class PhaseReached:
    """A phase of a cold start: resolve, download, verify, start, load, warm-up. `done` and `total` are bytes."""

    name: str
    done: int | None = None
    total: int | None = None
    usual: float | None = None
    """Seconds that this phase took the last time."""


@dataclass(frozen=True)
class Message:
    severity: str
    text: str


Update = ResourceStarted | ResourceDone | PhaseReached | Message
OnUpdate = Callable[[Update], None]

PHASE = re.compile(r"phase=(?P<name>[a-z-]+)(?: done=(?P<done>\d+))?(?: total=(?P<total>\d+))?")


class ProgressReader:
    """Turns engine events into updates for `tell`, and keeps the errors for the message at the end."""

    def __init__(self, tell: OnUpdate) -> None:
        self._tell = tell
        self._started: dict[str, float] = {}
        self.errors: list[str] = []

    def __call__(self, event: EngineEvent) -> None:
        if (
            event.resource_pre_event
            and not event.resource_pre_event.planning
            and _is_work(event.resource_pre_event.metadata)
        ):
            step = event.resource_pre_event.metadata
            self._started[step.urn] = time.monotonic()
            self._tell(ResourceStarted(_name(step), step.type, _operation(step)))
        elif event.res_outputs_event and event.res_outputs_event.metadata.urn in self._started:
            self._done(event.res_outputs_event.metadata, failed=False)
        elif event.res_op_failed_event and event.res_op_failed_event.metadata.urn in self._started:
            self._done(event.res_op_failed_event.metadata, failed=True)
        elif event.diagnostic_event:
            self._message(event.diagnostic_event.severity, event.diagnostic_event.message.strip())

    def _done(self, step: StepEventMetadata, *, failed: bool) -> None:
        seconds = time.monotonic() - self._started.pop(step.urn)
        self._tell(ResourceDone(_name(step), step.type, _operation(step), seconds, failed))

    def _message(self, severity: str, text: str) -> None:
        phase = PHASE.fullmatch(text)
        if phase:
            done, total = (int(v) if v else None for v in (phase["done"], phase["total"]))
            self._tell(PhaseReached(phase["name"], done, total))
        elif severity == "error":
            self.errors.append(text)
        elif severity == "warning" and text:
            self._tell(Message(severity, text))


class PhaseClock:
    """Hands updates on to `tell`, phases with what they took the last time, and keeps how long they take now."""

    def __init__(self, tell: OnUpdate, usual: Mapping[str, float]) -> None:
        self._tell, self._usual = tell, usual
        self._current: str | None = None
        self._since = 0.0
        self.seconds: dict[str, float] = {}

    def __call__(self, update: Update) -> None:
        if isinstance(update, PhaseReached):
            if update.name != self._current:
                self._turn_to(update.name)
            update = replace(update, usual=self._usual.get(update.name))
        elif isinstance(update, ResourceDone):
            self._turn_to(None)
        self._tell(update)

    def _turn_to(self, phase: str | None) -> None:
        now = time.monotonic()
        if self._current:
            self.seconds[self._current] = round(now - self._since, 1)
        self._current, self._since = phase, now


def _is_work(step: StepEventMetadata) -> bool:
    if step.type == STACK_TYPE or step.type.startswith(PROVIDER_PREFIX):
        return False
    return OPERATIONS.get(str(step.op.value), Operation.SAME) not in (Operation.SAME, Operation.READ)


def _operation(step: StepEventMetadata) -> Operation:
    return OPERATIONS[str(step.op.value)]


def _name(step: StepEventMetadata) -> str:
    return step.urn.rpartition("::")[2]
