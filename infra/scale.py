"""How many replicas a model has is a setting: it is changed in the stack file, and `up` does the rest.

A number that only the cluster knew would be taken back by the next `up`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from llmctl.infra.errors import Declined, Refused, SettingsError
from llmctl.infra.project import Project
from llmctl.infra.replicas_edit import with_replicas
from llmctl.infra.stack_file import read_stack_file


def wanted(replicas: int | None, to: str | None) -> dict[str, int]:
    """The settings that `--replicas N` or `--to MIN:MAX` mean. Raises SettingsError for anything else."""
    if (replicas is None) == (to is None):
        raise SettingsError("Say how many: --replicas N, or --to MIN:MAX for as many as the queue needs.")
    if replicas is not None:
        return {"replicas": replicas}
    least, _, most = (to or "").partition(":")
    if not (least.isdecimal() and most.isdecimal()):
        raise SettingsError(f"--to is {to!r}; allowed: two numbers with a colon between them, such as 1:4.")
    return {"replicas": int(least), "maxReplicas": int(most)}


@contextmanager
def scaled(project: Project, stack: str, model: str | None, values: Mapping[str, int]) -> Iterator[None]:
    """The stack file says so inside the block, and afterwards too, unless the block was refused or declined.

    `model` None: the only one. Raises SettingsError for one that is not there, or numbers that settings do not allow.
    """
    path = project.stack_file(stack)
    settings = read_stack_file(project, stack).settings()
    name = model or next(iter(settings.models))
    if name not in settings.models or (model is None and len(settings.models) > 1):
        raise SettingsError(f"Name a model of {stack} with --model: {', '.join(settings.models)}.")
    before = path.read_bytes()
    path.write_bytes(with_replicas(before.decode(), name, values).encode())
    try:
        read_stack_file(project, stack).settings()
        yield
    except (Declined, Refused, SettingsError):
        path.write_bytes(before)
        raise
