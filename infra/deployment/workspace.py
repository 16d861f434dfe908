"""The Automation API's view of one stack: our Pulumi CLI, the stack's environment, the inline program."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml
from pulumi import automation as auto
from pulumi.automation.errors import CommandError, ConcurrentUpdateError, StackAlreadyExistsError

from llmctl.infra.deployment.environment import remember_salt, state_directory
from llmctl.infra.deployment.pulumi_process import PulumiProcess
from llmctl.infra.errors import DeploymentFailed, InfraError, StackLocked
from llmctl.infra.program import run
from llmctl.infra.project import Project
from llmctl.infra.settings import TargetName
from llmctl.infra.targets import Target
from llmctl.serving.errors import ServingError


def project_name(project: Project) -> str:
    """The `name:` of Pulumi.yaml, under which the state is filed."""
    return str(yaml.safe_load((project.stacks / "Pulumi.yaml").read_text(encoding="utf-8"))["name"])


class _Workspace(auto.LocalWorkspace):
    """Selecting costs a start of the Pulumi CLI and changes nothing: every command here names its stack."""

    known = False

    def select_stack(self, stack_name: str) -> None:
        if not self.known:
            super().select_stack(stack_name)


class InlineProgram:
    """The stack's program. It remembers what it raised on purpose: of that the Pulumi engine keeps only a traceback."""

    def __init__(self, stacks: Path, targets: Mapping[TargetName, Target]) -> None:
        self._stacks, self._targets = stacks, targets
        self.error: InfraError | ServingError | None = None

    def __call__(self) -> None:
        self.error = None
        try:
            run(self._stacks, self._targets)
        except (InfraError, ServingError) as error:
            self.error = error
            raise


def open_stack(
    project: Project, stack: str, program: InlineProgram, command: PulumiProcess, variables: Mapping[str, str]
) -> auto.Stack:
    """The Pulumi stack, made when it is not there yet. Raises DeploymentFailed."""
    keep_language_server_quiet()
    workspace = _Workspace(
        work_dir=str(project.stacks),
        program=program,
        env_vars=dict(variables),
        pulumi_command=command,
    )
    checkpoint = state_directory(project) / ".pulumi" / "stacks" / project_name(project) / f"{stack}.json"
    workspace.known = checkpoint.exists() and variables["PULUMI_BACKEND_URL"] == state_directory(project).as_uri()
    opened = _translated(lambda: _create_or_select(stack, workspace))
    if not workspace.known:
        remember_salt(project, stack)
    return opened


def keep_language_server_quiet() -> None:
    """Hide what gRPC and the Automation API themselves write when a Pulumi CLI ends before its program has.

    The Automation API's language server runs the program in this process; with the CLI gone its last messages fail.
    Why the CLI ended is told by its events and exit, which `translate` reads.
    """
    logging.getLogger("grpc._server").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="Error in event stream", category=UserWarning)


def _create_or_select(stack: str, workspace: _Workspace) -> auto.Stack:
    try:
        return auto.Stack.create_or_select(stack, workspace)
    except StackAlreadyExistsError:  # another llmctl made it between our look and our try
        return auto.Stack.select(stack, workspace)


def _translated(work: Callable[[], auto.Stack]) -> auto.Stack:
    try:
        return work()
    except CommandError as error:
        raise translate(error, []) from error


def translate(error: CommandError, diagnostics: list[str]) -> InfraError:
    """What the Pulumi CLI said, as an error of ours. `diagnostics` are the engine's error events, if there were any."""
    text = str(error)
    if isinstance(error, ConcurrentUpdateError):
        holder = re.search(r"locked by .*?\n?.*?(\S+@\S+ \(pid \d+\) at \S+)", text)
        who = holder[1] if holder else "another update"
        return StackLocked(
            f"Pulumi's lock on this stack is held by {who}. Wait for it; if that process is certainly dead, "
            "run the command again with --force-unlock."
        )
    if "incorrect passphrase" in text:
        return DeploymentFailed(
            "The stack's secrets were encrypted with another passphrase than the one in .llmctl/passphrase. "
            "Put the right passphrase there, or take the stack's `encryptionsalt` and `secure:` lines out of its file."
        )
    if "violates plan" in text or "resource violates plan" in "\n".join(diagnostics):
        return DeploymentFailed(
            "The stack or its settings changed after the plan was made, so nothing beyond the plan was done. "
            "Run the command again to see the new plan.\n" + _said(text, diagnostics)
        )
    if killed := re.search(r"^ ?code: -(\d+)", text, re.MULTILINE):
        return DeploymentFailed(
            f"The Pulumi CLI was ended by signal {killed[1]} in the middle of its work. Run the command again: it "
            "looks at what was left unfinished."
        )
    return DeploymentFailed(_said(text, diagnostics))


NOT_REACHED = re.compile(r"expected resource operations for .* but none were seen")
"""Of each resource of a plan that came after what failed: it is no cause, and there may be hundreds."""


def _said(text: str, diagnostics: list[str]) -> str:
    lines = list(dict.fromkeys(line for message in diagnostics for line in message.splitlines() if line.strip()))
    if causes := [line for line in lines if not NOT_REACHED.fullmatch(line)] or lines:
        return "\n".join(causes)
    stderr = text.partition("stderr:")[2] or text
    return "\n".join(line for line in stderr.strip().splitlines() if line.strip()) or "The Pulumi CLI gave no reason."


def plan_file(project: Project, stack: str) -> Path:
    """Where the saved update plan of a stack is put while it is decided on."""
    return project.stack_home(stack) / "plan.json"
