"""`llmctl init [STACK]`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json


def init(
    ctx: typer.Context,
    stack: Annotated[str, typer.Argument(metavar="[STACK]", help="Name of the stack to make.")] = "local",
    target: Annotated[Literal["local", "kubernetes"], typer.Option(help="Where it will run.")] = "local",
    model: Annotated[str | None, typer.Option(help="Hub id or .gguf file of the model to serve.")] = None,
    context: Annotated[
        str | None, typer.Option(help="Kubernetes: context of the kubeconfig. Left out: the current one.")
    ] = None,
    server_image: Annotated[
        str | None, typer.Option(help="Kubernetes: llmctl's own image in your registry; see docs/images.md.")
    ] = None,
    json: Json = False,
) -> None:
    """Make stacks/ here, with one stack in it. What is there already stays as it is."""
    from llmctl.cli.views.scaffold import scaffold_view
    from llmctl.infra.project import Project
    from llmctl.infra.scaffold import new_cluster, scaffold

    app: Application = ctx.obj
    project = Project(app.directory)
    cluster = new_cluster(target, context, server_image)
    app.console.show(scaffold_view(project, stack, scaffold(project, stack, model=model, cluster=cluster)), json=json)
