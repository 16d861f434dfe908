"""One cause and one fix for a stack: the earliest stage at fault speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from llmctl.infra.diagnosis import NOTHING_IS_WRONG, Diagnosis
from llmctl.infra.kubernetes.diagnosis.containers import containers
from llmctl.infra.kubernetes.diagnosis.creation import creation
from llmctl.infra.kubernetes.diagnosis.images import images
from llmctl.infra.kubernetes.diagnosis.placement import placement
from llmctl.infra.kubernetes.diagnosis.traffic import traffic
from llmctl.infra.kubernetes.diagnosis.volumes import volumes
from llmctl.infra.kubernetes.diagnosis.words import Logs
from llmctl.infra.kubernetes.snapshot import Snapshot

Stage = Callable[[Snapshot, Logs], Iterator[Diagnosis]]

STAGES: tuple[Stage, ...] = (creation, volumes, placement, images, containers, traffic)


def first_cause(snapshot: Snapshot, logs: Logs) -> Diagnosis:
    """What is wrong in the first place; `wrong` is False when nothing is."""
    found = list(causes(snapshot, logs))
    wrong = [each for each in found if each.wrong]
    return next(iter(wrong or found), nothing_is_wrong(snapshot))


def causes(snapshot: Snapshot, logs: Logs) -> Iterator[Diagnosis]:
    """All that is found, the earliest stage first."""
    for stage in STAGES:
        yield from stage(snapshot, logs)


def nothing_is_wrong(snapshot: Snapshot) -> Diagnosis:
    return Diagnosis(
        sentence=NOTHING_IS_WRONG, fix="Nothing to do.", about=f"namespace/{snapshot.namespace}", wrong=False
    )
