"""`llmctl preview STACK`."""

from __future__ import annotations

from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json, StackName


def preview(
    ctx: typer.Context,
    stack: StackName,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 8 when something would change.")] = False,
    json: Json = False,
) -> None:
    """Show what `up` would do. Changes nothing."""
    from llmctl.cli.progress import progress_display
    from llmctl.cli.views.plan import plan_view
    from llmctl.infra.preflight import refuse_blocked

    app: Application = ctx.obj
    deployment = app.deployment(stack)
    with progress_display(app.console) as tell:
        findings = deployment.preflight()
        plan = deployment.preview(tell)
    app.console.show(plan_view(plan, findings), json=json)
    refuse_blocked(findings, stack)
    if exit_code and plan.changes:
        raise typer.Exit(8)
