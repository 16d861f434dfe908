"""`llmctl config show STACK`."""

from __future__ import annotations

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json, StackName

config = typer.Typer(help="Look at a stack's settings.", no_args_is_help=True)


@config.command("show")
def show(ctx: typer.Context, stack: StackName, json: Json = False) -> None:
    """Print every setting of a stack as it is resolved, and where each value comes from."""
    from llmctl.cli.views.settings import settings_view

    app: Application = ctx.obj
    app.console.show(settings_view(app.stack_file(stack)), json=json)
