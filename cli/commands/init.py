"""`llmctl init [STACK]`."""

from __future__ import annotations

from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json


def init(
    ctx: typer.Context,
    stack: Annotated[str, typer.Argument(metavar="[STACK]", help="Name of the stack to make.")] = "local",
    model: Annotated[str | None, typer.Option(help="Hub id or .gguf file of the model to serve.")] = None,
    json: Json = False,
) -> None:
    """Make stacks/ here, with one stack in it. What is there already stays as it is."""
    from llmctl.cli.views.scaffold import scaffold_view
    from llmctl.infra.project import Project
    from llmctl.infra.scaffold import DEFAULT_MODEL, scaffold

    app: Application = ctx.obj
    project = Project(app.directory)
    app.console.show(scaffold_view(project, stack, scaffold(project, stack, model=model or DEFAULT_MODEL)), json=json)
