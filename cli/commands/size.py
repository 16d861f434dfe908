"""`llmctl size MODEL`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from llmctl.cli.application import Application
from llmctl.cli.options import Json
from llmctl.serving.hardware.machine_type import Cloud
from llmctl.serving.spec import EngineName


def size(
    ctx: typer.Context,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A Hub id, a directory, or a .gguf file.")],
    context: Annotated[int | None, typer.Option(help="Tokens of a request, prompt and answer together.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="Requests of that context at the same time.")] = None,
    quantize: Annotated[str | None, typer.Option(help="A quantization of `llmctl engines`, such as fp8.")] = None,
    kv_cache_dtype: Annotated[str | None, typer.Option(help="fp8_e4m3 or fp8_e5m2 halve the KV cache.")] = None,
    engine: Annotated[EngineName | None, typer.Option(help="Unset: tgi, or the first that knows the model.")] = None,
    cloud: Annotated[Cloud | None, typer.Option(help="Only its machine types.")] = None,
    region: Annotated[str | None, typer.Option(help="Only what has a price there. Unset: the cheapest.")] = None,
    max_hourly: Annotated[float | None, typer.Option(help="US dollars an hour of one machine, at most.")] = None,
    prices: Annotated[Path | None, typer.Option(metavar="FILE", help="A CSV file with prices of your own.")] = None,
    revision: Annotated[str | None, typer.Option(help="Commit or branch on the Hub, instead of the catalogue.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every machine type, not the cheapest of each kind.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Each number, its formula and its source.")] = False,
    json: Json = False,
) -> None:
    """Which GPU, how many, what it costs: the machine types that a model fits, cheapest first. Makes nothing."""
    from llmctl.cli.views.sizing import sizing_view
    from llmctl.serving.sizing.capability import engine_for
    from llmctl.serving.sizing.question import Question

    app: Application = ctx.obj
    question = Question(
        context=context,
        concurrency=concurrency,
        quantization=quantize,
        kv_cache_dtype=kv_cache_dtype,
        cloud=cloud,
        region=region,
        max_hourly=max_hourly,
    )
    facts = app.model_facts(model, revision, quantize)
    choice = engine_for(facts, question.load(facts), asked=engine)
    sizing = app.size(facts, replace(question, engine=choice.engine), prices)
    view = sizing_view(facts, sizing, choice, today=app.today(), every=every, explain=explain)
    app.console.show(view, json=json)
