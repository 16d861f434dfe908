"""`llmctl keys create | list | revoke`."""

from __future__ import annotations

from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json, StackName

keys = typer.Typer(help="Keys that clients show to a stack's gateways.", no_args_is_help=True)

KeyName = Annotated[str, typer.Argument(metavar="NAME", help="Who uses the key: logs and limits go by it.")]


@keys.command("create")
def create(
    ctx: typer.Context,
    stack: StackName,
    name: KeyName,
    requests_per_minute: Annotated[
        int | None, typer.Option(min=1, help="Of this key. Left out: as the stack's gateway has it.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a key and show it, this once: only its hash is kept. It works at once."""
    from llmctl.cli.views.keys import created_view

    app: Application = ctx.obj
    made = app.keys(stack).create(name, requests_per_minute)
    app.console.show(created_view(stack, made), json=json)
    if made.told.failed:
        raise typer.Exit(1)


@keys.command("list")
def listed(ctx: typer.Context, stack: StackName, json: Json = False) -> None:
    """Show who has a key, since when, with which limit, and whether every gateway knows it."""
    from llmctl.cli.views.keys import listed_view

    app: Application = ctx.obj
    app.console.show(listed_view(stack, app.keys(stack).listed()), json=json)


@keys.command("revoke")
def revoke(ctx: typer.Context, stack: StackName, name: KeyName, json: Json = False) -> None:
    """Refuse a key from now on. Answers that have begun go on to their end."""
    from llmctl.cli.views.keys import revoked_view

    app: Application = ctx.obj
    told = app.keys(stack).revoke(name)
    app.console.show(revoked_view(stack, name, told), json=json)
    if told.failed:
        raise typer.Exit(1)
