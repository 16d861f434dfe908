"""`llmctl status STACK`."""

from __future__ import annotations

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json, StackName


def status(ctx: typer.Context, stack: StackName, json: Json = False) -> None:
    """Say how a stack is doing. Exit code 1 when it is deployed and does not answer."""
    from llmctl.cli.views.status import status_view

    app: Application = ctx.obj
    now = app.status(stack)
    app.console.show(status_view(now), json=json)
    if now.is_deployed and not now.healthy:
        raise typer.Exit(1)
