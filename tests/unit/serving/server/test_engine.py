"""The bridge to llama.cpp, with a model in its place that goes on until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from llmctl.serving.server.engine import Engine

ENDLESS = 200_000
"""Tokens after which the double gives up: then nobody had cancelled it."""


class EndlessModel:
    """Generates token after token, as llama.cpp does, until the callback says that nobody wants more."""

    def __init__(self) -> None:
        self.was_cancelled = False
        self.has_ended = False

    def handle_completions(self, _: str, on_chunk: Callable[[dict[str, Any]], bool]) -> None:
        for position in range(1, ENDLESS):
            if on_chunk(token(position)):
                self.was_cancelled = True
                break
        self.has_ended = True


def token(position: int) -> dict[str, Any]:
    content = {"id": position, "bytes": [97], "logprob": -1.0, "top_logprobs": []}
    choice = {"finish_reason": None, "logprobs": {"content": [content]}, "text": "a"}
    return {"choices": [choice], "timings": {"predicted_n": position}}


def first_token_then_leave(model: EndlessModel) -> bool:
    """Read one token and close the stream; returns whether the model had let go of it by then."""

    async def client() -> bool:
        engine = Engine(model, None, slots=1)  # type: ignore[arg-type]
        async with aclosing(engine.generate({"prompt": [1]})) as events:
            await anext(events)
        return model.has_ended

    return asyncio.run(client())


def test_a_client_that_leaves_cancels_its_generation() -> None:
    model = EndlessModel()
    first_token_then_leave(model)
    assert model.was_cancelled


def test_the_slot_is_free_when_the_stream_has_been_closed() -> None:
    assert first_token_then_leave(EndlessModel())
