"""`llmctl env STACK`."""

from __future__ import annotations

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json, StackName


def env(ctx: typer.Context, stack: StackName, json: Json = False) -> None:
    """Print what plain `pulumi` needs to work on the same stack: eval "$(llmctl env STACK)"."""
    from llmctl.cli.views.environment import environment_view

    app: Application = ctx.obj
    app.console.show(environment_view(app.deployment(stack).environment()), json=json)
