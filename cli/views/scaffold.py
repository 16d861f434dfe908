"""What `llmctl init` made and found, and the stacks of a project."""

from __future__ import annotations

from collections.abc import Sequence

from llmctl.cli.view import Table, View
from llmctl.infra.project import Project
from llmctl.infra.scaffold import Scaffolded
from llmctl.infra.status import StackStatus


def scaffold_view(project: Project, stack: str, files: Sequence[Scaffolded]) -> View:
    data = {"stack": stack, "files": [{"path": str(file.path), "written": file.written} for file in files]}
    rows = [("made" if file.written else "kept", project.shown(file.path)) for file in files]
    return View(data, [Table((), rows), f"Next: llmctl up {stack}"])


def stacks_view(stacks: Sequence[StackStatus]) -> View:
    rows = [(each.stack, each.target, each.model, each.state) for each in stacks]
    data = [{"stack": each.stack, "target": each.target, "model": each.model, "state": each.state} for each in stacks]
    if not rows:
        return View(data, ["No stacks yet. Make one: llmctl init"])
    return View(data, [Table(("STACK", "TARGET", "MODEL", "STATE"), rows)])
