"""A change of a stack under its lock: make a plan, have it decided on elsewhere, do exactly that plan."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llmctl.infra.deployment.forget import of_cluster, resources, without_cluster
from llmctl.infra.deployment.held import merged, still_held
from llmctl.infra.deployment.pulumi_engine import PulumiEngine
from llmctl.infra.errors import DeploymentFailed
from llmctl.infra.plan import Operation, Plan
from llmctl.infra.reach import Reach
from llmctl.infra.receipt import Entry, Receipt
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

    sweep: Callable[[Mapping[str, Any]], tuple[Entry, ...]] = lambda _: ()
    """What of the stack is still in its account, given the state after a destroy."""

    details: dict[str, object] = field(default_factory=dict)

    def plan(self) -> Plan:
        if self.drifts:
            self.engine.refresh()
        return self._noted(self.engine.preview(self.plan_file))

    def plan_destroy(self) -> Plan:
        return self._noted(self.engine.preview_destroy())

    def apply(self, plan: Plan) -> Outcome:
        """Do the plan, then have the endpoint answer. Raises DeploymentFailed when either does not succeed."""
        begun = time.monotonic()
        self.carry_out(plan)
        reach, answer = self._proof()
        return Outcome(
            endpoint=reach.address,
            api_key_file=reach.api_key_file,
            answer=answer,
            counts=plan.counts(),
            seconds=time.monotonic() - begun,
        )

    def carry_out(self, plan: Plan) -> None:
        """Do the plan, and ask nothing of the endpoint. Raises DeploymentFailed."""
        if plan.file is None:
            raise ValueError("the plan of a destroy cannot be applied")
        try:
            self.engine.up(plan.file, self.message)
        except DeploymentFailed as error:
            raise (DeploymentFailed(why) if (why := self.explain()) else error) from error

    def forget(self) -> Receipt:
        """Take the objects of a cluster out of the state without a word to any provider. They may live on there."""
        begun, state = time.monotonic(), self.engine.state()
        self.details["forgotten"] = list(of_cluster(state))
        self.engine.replace_state(without_cluster(state))
        return Receipt(destroyed=(), forgotten=of_cluster(state), seconds=time.monotonic() - begun)

    def holds_more(self) -> bool:
        """Whether the state has anything in it that a `down` still has to take away."""
        return bool(resources(self.engine.state()))

    def destroy(self, plan: Plan, forgotten: tuple[str, ...] = ()) -> Receipt:
        """What is protected stays, and is named as kept; then the account is looked through for what else is there."""
        begun = time.monotonic()
        self.engine.destroy(self.message)
        state = self.engine.state()
        there = merged(still_held(state), self.sweep(state))
        self.details["left"] = [entry.name for entry in there if not entry.kept]
        return Receipt(
            destroyed=tuple(each.name for each in plan.changes if each.name not in resources(state)),
            entries=there,
            forgotten=forgotten,
            seconds=time.monotonic() - begun,
        )

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
