"""The targets there are. The only place that knows them all, and which extra each needs; they are imported lazily."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from llmctl.infra.connection import Connection, Ports
from llmctl.infra.diagnosis import Diagnosis
from llmctl.infra.errors import SettingsError
from llmctl.infra.logs import Log, LogQuery
from llmctl.infra.preflight import Finding
from llmctl.infra.project import Project
from llmctl.infra.reach import Reach
from llmctl.infra.receipt import Entry
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
Reacher = Callable[[StackSettings, StackContext], AbstractContextManager[Reach]]
Why = Callable[[StackSettings, StackContext], Diagnosis]
LogReader = Callable[[StackSettings, StackContext, LogQuery], AbstractContextManager[Log]]
Connector = Callable[[StackSettings, StackContext, Ports], AbstractContextManager[Connection]]
Guard = Callable[[StackSettings, StackContext, Mapping[str, Any]], None]
Gone = Callable[[StackSettings, StackContext, Mapping[str, Any]], str]
Preflight = Callable[[StackSettings, StackContext], tuple[Finding, ...]]
Sweep = Callable[[StackSettings, StackContext, Mapping[str, Any]], tuple[Entry, ...]]
Door = Callable[[StackSettings, StackContext], Any]
"""To infra.kubernetes.account.Account, which is not imported here."""
Explainer = Callable[[StackSettings, StackContext], str | None]


@dataclass(frozen=True, kw_only=True)
class Target:
    name: TargetName
    requires: tuple[str, ...]
    """Modules of the extra named like the target, to tell before anything starts whether it is installed."""

    remote: bool = False
    """What it works on could be another one of the same name (a guard asks), and can say what ails it."""

    runs_on: TargetName | None = None
    """The target whose parts tend what runs in its cluster: status, why, logs, connect, reach, explain."""

    account: bool = False
    """It is in an account of a cloud, which is read before anything is made and looked through after `down`."""

    def program(self) -> Program:
        """The target's Pulumi program. Raises SettingsError when its extra is not installed."""
        missing = [name for name in self.requires if importlib.util.find_spec(name) is None]
        if missing:
            raise SettingsError(
                f"The {self.name} target needs {', '.join(missing)}, which is not installed. "
                f"Run: pip install 'llmctl-toolkit[{self.name}]'"
            )
        program: Program = self._part("program")
        return program

    def limits(self) -> Limits:
        """The target's reader of what it cannot do of a stack's settings."""
        limits: Limits = self._part("limits")
        return limits

    def status(self) -> StatusReader:
        """The target's reader of how a stack is doing, without Pulumi."""
        status: StatusReader = self._running("status")
        return status

    def reach(self) -> Reacher:
        """How llmctl itself talks to the endpoint of a running stack."""
        reach: Reacher = self._running("reach")
        return reach

    def why(self) -> Why:
        """What is wrong with a stack, as its target finds it now."""
        why: Why = self._running("why")
        return why

    def logs(self) -> LogReader:
        """What the servers of a stack write; open as long as the block."""
        logs: LogReader = self._running("logs")
        return logs

    def connect(self) -> Connector:
        """Where a user's own programs reach the endpoint from this machine, as long as the block."""
        connect: Connector = self._running("connect")
        return connect

    def guard(self) -> Guard:
        """Raises Refused when the stack, by Pulumi's state, was deployed elsewhere than its settings now point to."""
        guard: Guard = self._part("guard")
        return guard

    def gone(self) -> Gone:
        """Why it is certain that what the stack was deployed to is not there any more, as the beginning of a sentence.

        Raises Refused where it is not certain.
        """
        gone: Gone = self._part("gone")
        return gone

    def preflight(self) -> Preflight:
        """Whether what a stack needs can be had in its account."""
        preflight: Preflight = self._part("preflight")
        return preflight

    def sweep(self) -> Sweep:
        """What of a stack is still in its account, given Pulumi's state after the destroy."""
        sweep: Sweep = self._part("sweep")
        return sweep

    def explainer(self) -> Explainer:
        """One sentence on why a deployment did not come up, and one fix; None where nothing is wrong."""
        explain: Explainer = self._running("explain")
        return explain

    def door(self) -> Door:
        """The way to the cluster that a stack runs in."""
        door: Door = self._part("door")
        return door

    def _running(self, name: str) -> Any:
        return TARGETS[self.runs_on]._part(name) if self.runs_on else self._part(name)

    def _part(self, name: str) -> Any:
        return getattr(import_module(f"llmctl.infra.{self.name}.{name}"), name)


TARGETS = {
    TargetName.LOCAL: Target(name=TargetName.LOCAL, requires=("xllamacpp", "starlette")),
    TargetName.KUBERNETES: Target(name=TargetName.KUBERNETES, requires=("kubernetes",), remote=True),
    TargetName.AWS: Target(
        name=TargetName.AWS,
        requires=("pulumi_aws", "boto3", "kubernetes", "cryptography"),
        remote=True,
        runs_on=TargetName.KUBERNETES,
        account=True,
    ),
}


def deployable(file: StackFile) -> StackSettings:
    """The settings of a stack, which its target can deploy. Raises SettingsError with every mistake."""
    settings = file.settings()
    file.refuse(TARGETS[settings.target].limits()(settings))
    return settings
