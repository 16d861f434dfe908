"""`llmctl connect STACK`."""

from __future__ import annotations

import contextlib
import threading
from enum import StrEnum
from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json, StackName


class Format(StrEnum):
    ENV = "env"
    CURL = "curl"
    PYTHON = "python"


def connect(
    ctx: typer.Context,
    stack: StackName,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Of this machine; 0 takes a free one.")] = 0,
    metrics: Annotated[bool, typer.Option("--metrics", help="Open a way to a gateway's metrics too.")] = False,
    form: Annotated[
        Format | None, typer.Option("--format", help="Print how to use it as shell variables, curl or Python.")
    ] = None,
    json: Json = False,
) -> None:
    """Open a way to the endpoint on this machine, and hold it until Ctrl-C, which ends it with exit code 0."""
    from llmctl.cli.views.connection import connection_view
    from llmctl.infra.connection import Ports

    app: Application = ctx.obj
    with app.connect(stack, Ports(endpoint=port, metrics=0 if metrics else None)) as connection:
        app.console.show(connection_view(stack, connection, form), json=json)
        if connection.held:
            app.console.note("Open until Ctrl-C.")
            with contextlib.suppress(KeyboardInterrupt):
                threading.Event().wait()
