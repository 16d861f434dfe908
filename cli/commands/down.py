"""`llmctl down STACK`."""

from __future__ import annotations

from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.confirmation import confirm, require_a_way_to_ask
from llmctl.cli.options import ForceUnlock, Json, StackName, Yes


def down(
    ctx: typer.Context,
    stack: StackName,
    yes: Yes = False,
    force_unlock: ForceUnlock = False,
    cluster_gone: Annotated[
        bool, typer.Option("--cluster-gone", help="Forget a stack whose cluster is no more; refused while it answers.")
    ] = False,
    json: Json = False,
) -> None:
    """Take a stack away, and say what is left. Exit code 1 when something that bills is left."""
    from llmctl.cli.progress import progress_display
    from llmctl.cli.views.outcome import receipt_view
    from llmctl.cli.views.plan import plan_view

    app: Application = ctx.obj
    require_a_way_to_ask(app.console, yes)
    deployment = app.deployment(stack)
    with (
        progress_display(app.console) as tell,
        deployment.change("down", tell, force_unlock=force_unlock, gone=cluster_gone) as change,
    ):
        forgotten = None
        if cluster_gone:
            confirm(app.console, f"Forget {stack}?", yes=yes)
            forgotten = change.forget()
        if forgotten is not None and not change.holds_more():
            receipt = forgotten
        else:
            plan = change.plan_destroy()
            app.console.accompany(plan_view(plan), aside=json)
            confirm(app.console, f"Destroy {stack}?", yes=yes or not plan.changes)
            receipt = change.destroy(plan, forgotten.forgotten if forgotten else ())
    app.console.show(receipt_view(stack, receipt), json=json)
    if not receipt.clean:
        raise typer.Exit(1)
