"""`llmctl scale STACK`."""

from __future__ import annotations

from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.commands.up import up
from llmctl.cli.confirmation import require_a_way_to_ask
from llmctl.cli.options import ForceUnlock, Json, StackName, Yes


def scale(
    ctx: typer.Context,
    stack: StackName,
    model: Annotated[str | None, typer.Option(help="Which of the stack's models; of one it need not be said.")] = None,
    replicas: Annotated[int | None, typer.Option(min=0, help="So many.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="MIN:MAX", help="As many as the queue needs.")] = None,
    yes: Yes = False,
    force_unlock: ForceUnlock = False,
    json: Json = False,
) -> None:
    """Write another number of replicas into the stack file, show the plan, ask, and do it, as `up` does."""
    from llmctl.infra.scale import scaled, wanted

    app: Application = ctx.obj
    require_a_way_to_ask(app.console, yes)
    with scaled(app.project(), stack, model, wanted(replicas, to)):
        up(ctx, stack, yes=yes, force_unlock=force_unlock, json=json)
