"""The engine with a pause after every token, so that a stream lasts as long as a test needs.

The model computes at its own speed and the answers wait, so many long streams fit on two cores. They go on to
`max_tokens`: the model is kept from ending its answer.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from llmctl.serving.server.engine import Engine, Event, Sampled


class PacedEngine(Engine):
    async def generate(self, body: Mapping[str, Any]) -> AsyncGenerator[Event, None]:
        seconds = float(os.environ["PACED_TOKEN_SECONDS"])
        async with aclosing(super().generate({**body, "ignore_eos": True})) as events:
            async for event in events:
                if isinstance(event, Sampled):
                    await asyncio.sleep(seconds)
                yield event
