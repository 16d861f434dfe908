"""`llmctl engines` and `llmctl engines translate STACK --to ENGINE`."""

from __future__ import annotations

from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json, StackName
from llmctl.serving.spec import EngineName

engines = typer.Typer(invoke_without_command=True)


@engines.callback()
def matrix(ctx: typer.Context, json: Json = False) -> None:
    """Show what each inference server can do, and on which hardware."""
    if ctx.invoked_subcommand is None:
        from llmctl.cli.views.engines import engines_view

        app: Application = ctx.obj
        app.console.show(engines_view(), json=json)


@engines.command("translate")
def translate(
    ctx: typer.Context,
    stack: StackName,
    to: Annotated[EngineName, typer.Option("--to", help="The engine to move to.")],
    json: Json = False,
) -> None:
    """Show what another engine would change for a stack: settings, meaning, what is lost. Changes nothing."""
    from llmctl.cli.views.engine_switch import switches_view

    app: Application = ctx.obj
    app.console.show(switches_view(stack, app.engine_switches(stack, to)), json=json)
