"""`llmctl up STACK`."""

from __future__ import annotations

import typer

from llmctl.cli.application import Application
from llmctl.cli.confirmation import confirm, require_a_way_to_ask
from llmctl.cli.options import ForceUnlock, Json, StackName, Yes


def up(
    ctx: typer.Context, stack: StackName, yes: Yes = False, force_unlock: ForceUnlock = False, json: Json = False
) -> None:
    """Show the plan, ask, do it, and end when the endpoint has answered."""
    from llmctl.cli.progress import progress_display
    from llmctl.cli.views.outcome import outcome_view
    from llmctl.cli.views.plan import plan_view
    from llmctl.cli.views.preflight import preflight_view
    from llmctl.infra.preflight import refuse_blocked

    app: Application = ctx.obj
    require_a_way_to_ask(app.console, yes)
    deployment = app.deployment(stack)
    findings = deployment.preflight()
    app.console.accompany(preflight_view(findings), aside=json)
    refuse_blocked(findings, stack)
    with progress_display(app.console) as tell, deployment.change("up", tell, force_unlock=force_unlock) as change:
        plan = change.plan()
        app.console.accompany(plan_view(plan), aside=json)
        confirm(app.console, f"Do this to {stack}?", yes=yes or not plan.changes)
        outcome = change.apply(plan)
    app.console.show(outcome_view(stack, plan, outcome), json=json)
