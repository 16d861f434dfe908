"""Engine events as updates: the few of them that a person follows."""

from __future__ import annotations

import re
import time

from pulumi.automation.events import EngineEvent, StepEventMetadata

from llmctl.infra.deployment.plan_reader import OPERATIONS, PROVIDER_PREFIX, STACK_TYPE
from llmctl.infra.deployment.progress import Message, OnUpdate, PhaseReached, ResourceDone, ResourceStarted
from llmctl.infra.plan import Operation

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
            diagnostic = event.diagnostic_event
            self._message(diagnostic.severity, diagnostic.message.strip(), passing=bool(diagnostic.ephemeral))

    def _done(self, step: StepEventMetadata, *, failed: bool) -> None:
        seconds = time.monotonic() - self._started.pop(step.urn)
        self._tell(ResourceDone(_name(step), step.type, _operation(step), seconds, failed))

    def _message(self, severity: str, text: str, *, passing: bool) -> None:
        """`passing`: a provider's word on what it waits for now, which is no warning that should stay on the screen."""
        phase = PHASE.fullmatch(text)
        if phase:
            done, total = (int(v) if v else None for v in (phase["done"], phase["total"]))
            self._tell(PhaseReached(phase["name"], done, total))
        elif severity == "error":
            self.errors.append(text)
        elif severity == "warning" and text and not passing:
            self._tell(Message(severity, text))


def _is_work(step: StepEventMetadata) -> bool:
    if step.type == STACK_TYPE or step.type.startswith(PROVIDER_PREFIX):
        return False
    return OPERATIONS.get(str(step.op.value), Operation.SAME) not in (Operation.SAME, Operation.READ)


def _operation(step: StepEventMetadata) -> Operation:
    return OPERATIONS[str(step.op.value)]


def _name(step: StepEventMetadata) -> str:
    return step.urn.rpartition("::")[2]
