"""The process in which a stack is rehearsed: the same Deployment as ever, with doubles in place of what is outside.

Reads a Job from its standard input, and writes each step's result to its standard output as a line of JSON. It runs in
the environment that `isolate` made, and knows no other.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from llmctl.infra.deployment.change import Change
from llmctl.infra.deployment.deployment import Deployment, Surroundings
from llmctl.infra.deployment.interruption import Interruption
from llmctl.infra.deployment.progress import Update
from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli
from llmctl.infra.errors import InfraError
from llmctl.infra.plan import Plan
from llmctl.infra.project import Project
from llmctl.infra.rehearsal.steps import JOB, RESULT, Job, Step, StepResult
from llmctl.infra.rehearsal.targets import rehearsed
from llmctl.serving.errors import ServingError


def main() -> int:
    job = JOB.validate_json(sys.stdin.buffer.read())
    deployment = _deployment(job)
    steps = list(job.steps)
    while steps:
        result = _result(step := steps.pop(0), deployment)
        sys.stdout.write(RESULT.dump_json(result).decode() + "\n")
        sys.stdout.flush()
        if result.error:  # what it left is taken away, as one would
            steps = [] if step is Step.DOWN else [Step.DOWN]
    return 0


def _deployment(job: Job) -> Deployment:
    cli = PulumiCli(path=Path(job.cli), version=job.cli_version, way="explicit", why="the rehearsal was given it")
    around = Surroundings(
        environ=os.environ,
        cache=Path(os.environ["XDG_CACHE_HOME"]),
        interruption=Interruption(),
        pulumi_cli=lambda: cli,
        redact=str,
        targets=rehearsed(job),
    )
    return Deployment(Project(Path(job.root)), job.stack, around)


def _result(step: Step, deployment: Deployment) -> StepResult:
    begun = time.monotonic()
    try:
        plan, kept = STEPS[step](deployment)
    except (InfraError, ServingError) as error:
        return StepResult(step=step, seconds=time.monotonic() - begun, error=str(error))
    counts = {str(operation): number for operation, number in plan.counts().items()}
    return StepResult(step=step, seconds=time.monotonic() - begun, counts=counts, kept=kept)


Done = tuple[Plan, frozenset[str]]


def _up(deployment: Deployment) -> Done:
    with _change(deployment, "up") as change:
        plan = change.plan()
        change.carry_out(plan)
    return plan, frozenset()


def _up_again(deployment: Deployment) -> Done:
    """What would have to be done a second time; a plan without changes is not carried out."""
    return deployment.preview(_silent), frozenset()


def _refresh(deployment: Deployment) -> Done:
    with _change(deployment, "refresh") as change:
        change.engine.refresh()
        plan = change.plan()
    return plan, frozenset()


def _down(deployment: Deployment) -> Done:
    with _change(deployment, "down") as change:
        plan = change.plan_destroy()
        change.destroy(plan)
        held = change.engine.state().get("resources") or ()
    return plan, frozenset(str(each["id"]) for each in held if each.get("id"))


STEPS: dict[Step, Callable[[Deployment], Done]] = {
    Step.UP: _up,
    Step.UP_AGAIN: _up_again,
    Step.REFRESH: _refresh,
    Step.DOWN: _down,
}


@contextmanager
def _change(deployment: Deployment, command: str) -> Iterator[Change]:
    with deployment.change(command, _silent) as change:
        yield change


def _silent(update: Update) -> None:
    """The double's own timeline tells what was done."""


if __name__ == "__main__":
    raise SystemExit(main())
