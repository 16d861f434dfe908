"""`llmctl kube-token CLUSTER`."""

from __future__ import annotations

from typing import Annotated

import typer

from llmctl.cli.application import Application


def kube_token(
    ctx: typer.Context,
    cluster: Annotated[str, typer.Argument(help="Name of an EKS cluster.", show_default=False)],
    region: Annotated[str, typer.Option(help="That it is in.", show_default=False)],
    profile: Annotated[str | None, typer.Option(help="Of the AWS configuration files.")] = None,
) -> None:
    """Answer as a kubeconfig's exec plugin: with a token for an EKS cluster. No AWS CLI is needed."""
    from llmctl.cli.view import View

    app: Application = ctx.obj
    app.console.show(View(app.kube_token(cluster, region, profile), []), json=True)
