"""`llmctl why STACK`."""

from __future__ import annotations

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json, StackName


def why(ctx: typer.Context, stack: StackName, json: Json = False) -> None:
    """Say what is wrong with a stack in one sentence, and what to do. Exit code 1 when something is."""
    from llmctl.cli.views.diagnosis import diagnosis_view

    app: Application = ctx.obj
    diagnosis = app.why(stack)
    app.console.show(diagnosis_view(stack, diagnosis), json=json)
    if diagnosis.wrong:
        raise typer.Exit(1)
