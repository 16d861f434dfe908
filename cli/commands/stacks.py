"""`llmctl stacks`."""

from __future__ import annotations

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json


def stacks(ctx: typer.Context, json: Json = False) -> None:
    """List the stacks of this project. One whose file is wrong is listed with what is wrong."""
    from llmctl.cli.views.scaffold import stacks_view

    app: Application = ctx.obj
    app.console.show(stacks_view(app.stacks()), json=json)
