"""A change of a stack under its lock: make a plan, have it decided on elsewhere, do exactly that plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from llmctl.infra.deployment.forget import emptied, resources
from llmctl.infra.deployment.pulumi_engine import PulumiEngine
from llmctl.infra.errors import DeploymentFailed
from llmctl.infra.plan import Operation, Plan
from llmctl.infra.reach import Reach
from llmctl.serving.client import Answer, warm_up
from llmctl.serving.errors import ServingError


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an `up` came to. It exists only when the endpoint has answered a real completion."""

    endpoint: str
    api_key_file: str
    answer: Answer
    counts: Mapping[Operation, int]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What a `down` came to."""

    destroyed: tuple[str, ...]
    leftovers: tuple[str, ...]
    """What is still there and should not be."""

    forgotten: tuple[str, ...] = ()
    """What was taken out of the state without a look at it, because what it was in is gone."""

    seconds: float


@dataclass
class Change:
    """What is done to a stack between taking its lock and releasing it, and what of it the journal gets."""

    engine: PulumiEngine
    plan_file: Path
    message: str
    reach: Callable[[], AbstractContextManager[Reach]]
    explain: Callable[[], str | None]
    """Why a deployment did not come up, where the target can tell."""

    drifts: bool = False
    """Whether others may have changed what was made, unseen by the provider until it is asked to look."""

    details: dict[str, object] = field(default_factory=dict)

    def plan(self) -> Plan:
        if self.drifts:
            self.engine.refresh()
        return self._noted(self.engine.preview(self.plan_file))

    def plan_destroy(self) -> Plan:
        return self._noted(self.engine.preview_destroy())

    def apply(self, plan: Plan) -> Outcome:
        """Do the plan, then have the endpoint answer. Raises DeploymentFailed when either does not succeed."""
        if plan.file is None:
            raise ValueError("the plan of a destroy cannot be applied")
        begun = time.monotonic()
        self._up(plan.file)
        reach, answer = self._proof()
        return Outcome(
            endpoint=reach.address,
            api_key_file=reach.api_key_file,
            answer=answer,
            counts=plan.counts(),
            seconds=time.monotonic() - begun,
        )

    def forget(self) -> Receipt:
        """Empty the state without a word to any provider. What its resources were may live on where they were."""
        begun, state = time.monotonic(), self.engine.state()
        self.details["forgotten"] = list(resources(state))
        self.engine.replace_state(emptied(state))
        return Receipt(destroyed=(), leftovers=(), forgotten=resources(state), seconds=time.monotonic() - begun)

    def destroy(self, plan: Plan) -> Receipt:
        begun = time.monotonic()
        self.engine.destroy(self.message)
        left = self.engine.preview_destroy()
        return Receipt(
            destroyed=tuple(resource.name for resource in plan.changes),
            leftovers=tuple(resource.name for resource in left.changes),
            seconds=time.monotonic() - begun,
        )

    def _up(self, file: Path) -> None:
        try:
            self.engine.up(file, self.message)
        except DeploymentFailed as error:
            raise (DeploymentFailed(why) if (why := self.explain()) else error) from error

    def _proof(self) -> tuple[Reach, Answer]:
        """Every model has answered a real completion; the first one's answer is shown."""
        try:
            with self.reach() as reach:
                answers = [warm_up(reach.endpoint.of(model)) for model in reach.models]
        except ServingError as error:
            raise DeploymentFailed(
                f"Everything was made, but the endpoint did not answer a completion: {error} Look at: llmctl logs"
            ) from error
        return reach, answers[0]

    def _noted(self, plan: Plan) -> Plan:
        self.details.update(plan=plan.digest, changes={str(k): v for k, v in plan.counts().items()})
        return plan
