"""`llmctl rehearse STACK`."""

from __future__ import annotations

from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json, StackName


def rehearse(
    ctx: typer.Context,
    stack: StackName,
    fault: Annotated[
        list[str] | None, typer.Option("--fault", metavar="NAME[=PLACE]", help="What shall go wrong; may be repeated.")
    ] = None,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Let what takes AWS minutes take as long here, where that is known.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring a stack up and down again on doubles of its cloud: no account, nothing real is touched."""
    from llmctl.cli.views.rehearsal import report_view

    app: Application = ctx.obj
    report = app.rehearse(stack, faults=fault or (), realtime=realtime)
    app.console.show(report_view(report), json=json)
    if not report.clean:
        raise typer.Exit(1)
