"""`llmctl history STACK`."""

from __future__ import annotations

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json, StackName


def history(ctx: typer.Context, stack: StackName, json: Json = False) -> None:
    """Show who did what to a stack, and check that nobody rewrote it. Exit code 1 when somebody did."""
    from llmctl.cli.views.history import history_view

    app: Application = ctx.obj
    verdict = app.deployment(stack).checked_journal()
    app.console.show(history_view(stack, verdict), json=json)
    if verdict.problem:
        app.console.error(f"The journal of {stack} is not what was written: {verdict.problem}.")
        raise typer.Exit(1)
