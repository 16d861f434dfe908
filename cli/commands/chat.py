"""`llmctl chat STACK ["question"]`."""

from __future__ import annotations

from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json, StackName


def chat(
    ctx: typer.Context,
    stack: StackName,
    question: Annotated[str | None, typer.Argument(help="Ask this and end. Left out: talk at the terminal.")] = None,
    system: Annotated[str | None, typer.Option(help="System message instead of llmctl's own.")] = None,
    temperature: Annotated[float, typer.Option(min=0.0, max=2.0, help="0 gives the same answer each time.")] = 0.0,
    max_tokens: Annotated[int, typer.Option(min=1, help="Tokens of one answer at the most.")] = 512,
    model: Annotated[str | None, typer.Option(help="Which of the stack's models. Left out: its first.")] = None,
    json: Json = False,
) -> None:
    """Ask the model of a stack; the answer comes as it is made."""
    from llmctl.cli.conversation import Conversation

    app: Application = ctx.obj
    with app.reach(stack) as reach:
        endpoint = reach.endpoint.of(model or reach.models[0])
        conversation = Conversation(app.console, endpoint, system, temperature, max_tokens)
        if question is None:
            conversation.hold(history=app.project().home / "chat-history")
        else:
            conversation.ask_once(question, json=json)
