"""`llmctl setup`."""

from __future__ import annotations

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json


def setup(ctx: typer.Context, json: Json = False) -> None:
    """Get what llmctl needs on this machine: the Pulumi CLI and its plugins. A second run only looks."""
    from llmctl.cli.views.setup import setup_view

    app: Application = ctx.obj
    app.console.show(setup_view(app.setup()), json=json)
