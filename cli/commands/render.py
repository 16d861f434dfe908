"""`llmctl render STACK`."""

from __future__ import annotations

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import StackName


def render(ctx: typer.Context, stack: StackName) -> None:
    """Print the stack's Kubernetes objects as YAML, for GitOps: the same that `up` would make. Changes nothing."""
    app: Application = ctx.obj
    rendered = app.rendered(stack)
    for note in rendered.notes:
        app.console.note(note)
    app.console.write(rendered.text)
