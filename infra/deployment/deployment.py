"""Deployment: one stack, and what can be done with it.

`preview` looks; everything that changes a stack happens inside `change`, which holds the stack's lock, repairs what a
killed run left behind, and writes the journal: what was begun before, how it ended after.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llmctl.infra.deployment.change import Change
from llmctl.infra.deployment.environment import (
    PASSPHRASE_FILE,
    past_the_proxy,
    pulumi_environment,
    reconcile_salt,
    state_directory,
)
from llmctl.infra.deployment.forget import of_cluster
from llmctl.infra.deployment.interruption import Interruption
from llmctl.infra.deployment.journal import BEGUN, Journal, Verdict
from llmctl.infra.deployment.lock import stack_lock
from llmctl.infra.deployment.progress import Message, OnUpdate, PhaseClock
from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli
from llmctl.infra.deployment.pulumi_engine import PulumiEngine
from llmctl.infra.deployment.pulumi_process import PulumiProcess
from llmctl.infra.deployment.recovery import pulumi_locks, refuse_unless_stale
from llmctl.infra.deployment.workspace import InlineProgram, open_stack, plan_file, project_name
from llmctl.infra.errors import Declined, InfraError, Interrupted, Refused
from llmctl.infra.plan import Plan
from llmctl.infra.preflight import Finding
from llmctl.infra.program import JOURNAL_HEAD
from llmctl.infra.project import Project
from llmctl.infra.provider.launcher import write_launcher
from llmctl.infra.receipt import Entry
from llmctl.infra.settings import TargetName
from llmctl.infra.stack_file import read_stack_file
from llmctl.infra.targets import TARGETS, StackContext, Target, deployable


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a deployment gets from outside; tests bring their own."""

    environ: Mapping[str, str]
    cache: Path
    interruption: Interruption
    pulumi_cli: Callable[[], PulumiCli]
    redact: Callable[[str], str]
    targets: Mapping[TargetName, Target] = field(default_factory=lambda: TARGETS)
    """A rehearsal has its own, which ask no account and no cluster."""


class Deployment:
    """Raises SettingsError when the stack's file is wrong or its target's extra is not installed."""

    def __init__(self, project: Project, stack: str, surroundings: Surroundings) -> None:
        self.project, self.stack, self._around = project, stack, surroundings
        file = read_stack_file(project, stack)
        self.settings = deployable(file)
        self._target = surroundings.targets[self.settings.target]
        self._target.program()
        self._context = StackContext(project=project, stack=stack, secrets=file.secrets)
        self.journal = Journal(project.stack_home(stack))

    def environment(self) -> dict[str, str]:
        """The variables that Pulumi needs for this stack; what they point to is made when it is missing."""
        write_launcher(self.project.provider)
        return pulumi_environment(
            self.project,
            self.stack,
            self.settings,
            cli=self._around.pulumi_cli().path,
            cache=self._around.cache,
            environ=self._around.environ,
        )

    def preflight(self) -> tuple[Finding, ...]:
        """What the target's account lacks for this stack; nothing where the target has no account."""
        return self._target.preflight()(self.settings, self._context) if self._target.account else ()

    def preview(self, tell: OnUpdate) -> Plan:
        """The plan of an `up`, without taking the lock and without leaving anything behind but the plan file."""
        engine = self._engine(tell)
        self._guard(engine)
        file = plan_file(self.project, self.stack).with_name("preview.json")
        return engine.preview(file, refresh=self._target.remote)

    def checked_journal(self) -> Verdict:
        """The journal, held against its own chain and against the anchor in Pulumi's state."""
        if not self.journal.path.exists():
            return Verdict((), None)
        return self.journal.check(self._engine(lambda _: None).output(JOURNAL_HEAD))

    @contextmanager
    def change(
        self, command: str, tell: OnUpdate, *, force_unlock: bool = False, gone: bool = False
    ) -> Iterator[Change]:
        """Take the stack's lock for a change. Raises StackLocked, naming the holder.

        `gone`: the change is for a stack whose cluster is no more; Refused, unless that is certain.
        """
        home = self.project.stack_home(self.stack)
        with stack_lock(home, self.stack, f"llmctl {command} {self.stack}"):
            begun = self.journal.append(BEGUN, command=command, settings=self._fingerprint())
            clock = PhaseClock(tell, self.journal.usual_phases())
            with self._ending(command, clock) as details:
                engine = self._engine(clock)
                looked = False
                if gone:
                    tell(Message("warning", self._gone(engine)))
                else:
                    self._guard(engine)
                    looked = self._repair(engine, tell, force=force_unlock)
                yield Change(
                    engine=engine,
                    plan_file=plan_file(self.project, self.stack),
                    message=f"llmctl {command}, journal {begun.hash[:12]}",
                    reach=lambda: self._target.reach()(self.settings, self._context),
                    explain=self._explain,
                    sweep=self._sweep,
                    drifts=self._target.remote and not looked,
                    details=details,
                )

    @contextmanager
    def _ending(self, command: str, clock: PhaseClock) -> Iterator[dict[str, object]]:
        """Write the journal's line on how the command ended, however it ends."""
        details: dict[str, object] = {}
        start, result = time.monotonic(), "failed"
        try:
            yield details
            result = "done"
        except (Interrupted, KeyboardInterrupt):
            result = "interrupted"
            raise
        except Declined:
            result = "declined"
            raise
        except InfraError as error:
            details["reason"] = self._around.redact(str(error))
            raise
        finally:
            seconds = round(time.monotonic() - start, 1)
            self.journal.append(
                "ended", command=command, result=result, seconds=seconds, phases=clock.seconds, **details
            )

    def _guard(self, engine: PulumiEngine) -> None:
        """Raises Refused when what the settings point to is not what the stack was deployed to."""
        if self._target.remote:
            self._target.guard()(self.settings, self._context, engine.state())

    def _gone(self, engine: PulumiEngine) -> str:
        """Raises Refused where the stack's cluster may still be there."""
        if not self._target.remote:
            raise Refused(f"The target {self.settings.target} has no cluster that could be gone.")
        state = engine.state()
        listed = ", ".join(of_cluster(state)) or "nothing"
        return (
            f"{self._target.gone()(self.settings, self._context, state)}, so it cannot be checked what of {self.stack} "
            f"is still there. Its state holds of it: {listed}."
        )

    def _sweep(self, state: Mapping[str, Any]) -> tuple[Entry, ...]:
        return self._target.sweep()(self.settings, self._context, state) if self._target.account else ()

    def _explain(self) -> str | None:
        return self._target.explainer()(self.settings, self._context) if self._target.remote else None

    def _engine(self, tell: OnUpdate) -> PulumiEngine:
        variables = self.environment()
        if PASSPHRASE_FILE in variables:
            reconcile_salt(self.project, self.stack)
        # gRPC in this process reads the environment itself, and nothing else can tell it to leave the proxy out.
        os.environ.update(past_the_proxy(self._around.environ))
        command = PulumiProcess(self._around.pulumi_cli(), self._around.interruption)
        program = InlineProgram(self.project.stacks, self._around.targets)
        stack = open_stack(self.project, self.stack, program, command, variables)
        return PulumiEngine(stack, program, self._around.interruption, tell)

    def _repair(self, engine: PulumiEngine, tell: OnUpdate, *, force: bool) -> bool:
        """Put right what a killed run left: its lock, its unfinished operations. Says so in one sentence.

        Returns whether it looked at what is really there.
        """
        done = []
        locks = pulumi_locks(state_directory(self.project), project_name(self.project), self.stack)
        if locks and not force:
            refuse_unless_stale(locks, self.stack)
        if locks or force:
            engine.unlock()
            done.append("its lock was removed")
        pending = engine.pending_operations()
        if pending:
            engine.refresh()
            done.append(f"what it was at ({', '.join(pending)}) was looked up and is taken over or made anew")
        if done:
            tell(Message("warning", f"An earlier run on this stack was killed: {' and '.join(done)}."))
        return bool(pending)

    def _fingerprint(self) -> str:
        """SHA-256 of the settings, so that the journal tells whether they changed between two runs."""
        return hashlib.sha256(self.settings.model_dump_json(by_alias=True).encode()).hexdigest()
