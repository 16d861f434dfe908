"""`llmctl logs STACK`."""

from __future__ import annotations

from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json, StackName


def logs(
    ctx: typer.Context,
    stack: StackName,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines as they come.")] = False,
    json: Json = False,
) -> None:
    """Show the log of the model server and of its supervisor."""
    from llmctl.cli.views.logs import log_view
    from llmctl.infra.local.log_reader import appended, last_lines, open_log

    app: Application = ctx.obj
    status = app.status(stack)
    if status.log_file is None:
        app.console.error(f"{stack} has no log: it was never up. Run: llmctl up {stack}")
        raise typer.Exit(1)
    with open_log(status.log_file) as log:
        app.console.show(log_view(stack, last_lines(log, lines)), json=json)
        for piece in appended(log) if follow else ():
            app.console.write(piece)
