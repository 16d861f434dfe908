"""What a rehearsal does with a stack, step by step, and what each came to: the words between it and its worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import TypeAdapter

from llmctl.serving.models.facts import ModelFacts


class Step(StrEnum):
    UP = "up"
    UP_AGAIN = "up again"
    """Nothing may be left to do."""

    REFRESH = "refresh"
    """Nothing may have drifted."""

    DOWN = "down"


ALL = (Step.UP, Step.UP_AGAIN, Step.REFRESH, Step.DOWN)


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a worker gets on its standard input."""

    root: str
    stack: str
    cli: str
    """Path of the Pulumi CLI."""

    cli_version: str
    steps: tuple[Step, ...]
    secrets: frozenset[str] = frozenset()
    """Keys that the real stack has a secret for; the rehearsal puts a word of its own there."""

    models: Mapping[str, ModelFacts] = field(default_factory=dict)
    """By id, for those that the catalogue does not know."""


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What a worker says of a step on its standard output, one a line."""

    step: Step
    seconds: float
    counts: Mapping[str, int] = field(default_factory=dict)
    """Changes by operation, as planned."""

    error: str | None = None
    code: int = 0
    """The exit code that llmctl would have."""

    kept: frozenset[str] = frozenset()
    """Of a `down`: ids of what it has left in the state, which is what is protected and what that needs."""


JOB = TypeAdapter(Job)
RESULT = TypeAdapter(StepResult)
