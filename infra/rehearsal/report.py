"""What a rehearsal came to: its steps, what the cloud was asked for, what was left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmctl.infra.rehearsal.cloud.request import Existing
from llmctl.infra.rehearsal.cloud.store import Store
from llmctl.infra.rehearsal.cloud.timeline import Moment, read_timeline
from llmctl.infra.rehearsal.steps import Step, StepResult

OF_THE_ACCOUNT = frozenset(
    {
        "aws:iam/serviceLinkedRole:ServiceLinkedRole",
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    }
)
"""There is one in an account: other stacks use it too, so a `down` leaves it."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """Something that is still there after `down`."""

    type: str
    id: str
    made_by: str
    why: str = ""
    """It was kept on purpose; empty: it was not."""


@dataclass(frozen=True, kw_only=True)
class Report:
    stack: str
    steps: Sequence[StepResult]
    moments: Sequence[Moment]
    """What the cloud was asked to make, change and take away."""

    still_there: Sequence[Left]

    @property
    def left(self) -> list[Left]:
        return [each for each in self.still_there if not each.why]

    @property
    def kept(self) -> list[Left]:
        return [each for each in self.still_there if each.why]

    @property
    def mistakes(self) -> list[str]:
        """What a rehearsal must not come to, as sentences. None: the stack goes from nothing to nothing."""
        found = [f"{each.step}: {each.error}" for each in self.steps if each.error]
        found += [
            f"{each.step}: there was something to do a second time: {_listed(each.counts)}."
            for each in self.steps
            if each.step in UNCHANGED and each.counts
        ]
        if self.left:
            found.append(f"After the last step {len(self.left)} things are still there.")
        return found

    @property
    def clean(self) -> bool:
        return not self.mistakes


UNCHANGED = (Step.UP_AGAIN, Step.REFRESH)


def report(stack: str, steps: Iterable[StepResult], world: Path) -> Report:
    done = list(steps)
    kept = frozenset(id_ for step in done for id_ in step.kept)
    store = Store(world)
    try:
        there = [_left(each, kept) for each in store.everything()]
    finally:
        store.close()
    return Report(stack=stack, steps=done, moments=read_timeline(world), still_there=there)


def _left(thing: Existing, kept: frozenset[str]) -> Left:
    why = "the account's, for other stacks too" if thing.type in OF_THE_ACCOUNT else ""
    if thing.id in kept:
        why = "protected, or needed by what is"
    return Left(type=thing.type, id=thing.id, made_by=thing.made_by, why=why)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} to {operation}" for operation, number in counts.items())
