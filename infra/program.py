"""The one Pulumi program: read the stack's settings, run the program of its target, export the journal's anchor.

llmctl runs it inline through the Automation API; `stacks/__main__.py` runs it for plain `pulumi`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pulumi

from llmctl.infra.deployment.journal import Journal
from llmctl.infra.project import Project
from llmctl.infra.settings import TargetName
from llmctl.infra.stack_file import read_stack_file
from llmctl.infra.targets import TARGETS, StackContext, Target, deployable

JOURNAL_HEAD = "journalHead"
"""The stack output that anchors the journal: a rewritten journal does not contain this hash."""


def run(stacks: Path, targets: Mapping[TargetName, Target] = TARGETS) -> None:
    """Declare the resources of the stack that Pulumi is working on; `stacks` is the Pulumi project's directory."""
    project, stack = Project(stacks.resolve().parent), pulumi.get_stack()
    file = read_stack_file(project, stack)
    settings = deployable(file)
    targets[settings.target].program()(settings, StackContext(project=project, stack=stack, secrets=file.secrets))
    anchor = Journal(project.stack_home(stack)).anchor()
    if anchor:
        pulumi.export(JOURNAL_HEAD, anchor)
