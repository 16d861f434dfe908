"""`llmctl version`."""

from __future__ import annotations

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json


def version(ctx: typer.Context, json: Json = False) -> None:
    """Print the versions of llmctl and of what it stands on."""
    from llmctl.cli.views.versions import versions_view
    from llmctl.infra.deployment.pulumi_cli.find import find_pulumi_cli

    app: Application = ctx.obj
    app.console.show(versions_view(find_pulumi_cli(cache=app.cache, environ=app.environ)), json=json)
