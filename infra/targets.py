"""The targets there are. The only place that knows them all, and which extra each needs; they are imported lazily."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

from llmctl.infra.errors import SettingsError
from llmctl.infra.project import Project
from llmctl.infra.settings import StackSettings, TargetName
from llmctl.infra.stack_file import Location, StackFile
from llmctl.infra.status import StackStatus


@dataclass(frozen=True, kw_only=True)
class StackContext:
    """What a target's program may know besides its settings."""

    project: Project
    stack: str
    secrets: frozenset[str]
    """Keys whose values Pulumi holds encrypted; a program reads them with `pulumi.Config("llmctl")`."""


Limits = Callable[[StackSettings], Iterable[tuple[Location, str]]]
Program = Callable[[StackSettings, StackContext], None]
StatusReader = Callable[[StackSettings, StackContext], StackStatus]


@dataclass(frozen=True, kw_only=True)
class Target:
    name: TargetName
    requires: tuple[str, ...]
    """Modules of the extra named like the target, to tell before anything starts whether it is installed."""

    def program(self) -> Program:
        """The target's Pulumi program. Raises SettingsError when its extra is not installed."""
        missing = [name for name in self.requires if importlib.util.find_spec(name) is None]
        if missing:
            raise SettingsError(
                f"The {self.name} target needs {', '.join(missing)}, which is not installed. "
                f"Run: pip install 'llmctl-toolkit[{self.name}]'"
            )
        program: Program = import_module(f"llmctl.infra.{self.name}.program").program
        return program

    def limits(self) -> Limits:
        """The target's reader of what it cannot do of a stack's settings."""
        limits: Limits = import_module(f"llmctl.infra.{self.name}.limits").limits
        return limits

    def status(self) -> StatusReader:
        """The target's reader of how a stack is doing, without Pulumi."""
        status: StatusReader = import_module(f"llmctl.infra.{self.name}.status").status
        return status


TARGETS = {
    TargetName.LOCAL: Target(name=TargetName.LOCAL, requires=("xllamacpp", "starlette")),
}


def deployable(file: StackFile) -> StackSettings:
    """The settings of a stack, which its target can deploy. Raises SettingsError with every mistake."""
    settings = file.settings()
    file.refuse(TARGETS[settings.target].limits()(settings))
    return settings
