"""What a rehearsal came to: its steps, what the cloud was asked for, what was left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmctl.infra.rehearsal.cloud.store import Store
from llmctl.infra.rehearsal.cloud.timeline import Moment, read_timeline
from llmctl.infra.rehearsal.steps import Step, StepResult


@dataclass(frozen=True, kw_only=True)
class Left:
    """Something that is still there after `down`."""

    type: str
    id: str
    made_by: str


@dataclass(frozen=True, kw_only=True)
class Report:
    stack: str
    steps: Sequence[StepResult]
    moments: Sequence[Moment]
    left: Sequence[Left]

    @property
    def mistakes(self) -> list[str]:
        """What a rehearsal must not come to, as sentences. None: the stack goes from nothing to nothing."""
        found = [f"{each.step}: {each.error}" for each in self.steps if each.error]
        found += [
            f"{each.step}: there was something to do a second time: {_listed(each.counts)}."
            for each in self.steps
            if each.step in UNCHANGED and each.counts
        ]
        if self.left and self.steps[-1].step is Step.DOWN:
            found.append(f"down: {len(self.left)} things are still there.")
        return found

    @property
    def clean(self) -> bool:
        return not self.mistakes


UNCHANGED = (Step.UP_AGAIN, Step.REFRESH)


def report(stack: str, steps: Iterable[StepResult], world: Path) -> Report:
    left = [Left(type=each.type, id=each.id, made_by=each.made_by) for each in Store(world).everything()]
    return Report(stack=stack, steps=list(steps), moments=read_timeline(world), left=left)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} to {operation}" for operation, number in counts.items())
