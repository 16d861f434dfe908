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
    model: Annotated[str | None, typer.Option(help="Only of this model's replicas.")] = None,
    replica: Annotated[str | None, typer.Option(help="Only of this replica: a pod, as status names it.")] = None,
    gateway: Annotated[bool, typer.Option("--gateway", help="Of the gateways instead of the models.")] = False,
    json: Json = False,
) -> None:
    """Show what the model servers write: all replicas merged, each line with its replica's name."""
    from llmctl.cli.views.logs import log_view
    from llmctl.infra.logs import LogQuery

    app: Application = ctx.obj
    query = LogQuery(lines=lines, follow=follow, model=model, replica=replica, gateway=gateway)
    with app.logs(stack, query) as log:
        app.console.show(log_view(stack, log.last), json=json)
        for piece in log.more:
            app.console.write(piece)
