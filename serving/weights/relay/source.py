"""A Source gives bytes of one file; `resumed` makes of its tries one stream that ends only when it is whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Protocol

from llmctl.serving.weights.relay.errors import UpstreamBroke
from llmctl.serving.weights.spec import WeightFile

Pause = Callable[[float], Awaitable[None]]

FRUITLESS_TRIES = 5
"""Tries in a row that brought no new byte, after which the fetcher is told; it has more patience than the relay."""
FIRST_PAUSE = 0.5
"""Seconds, doubled after each fruitless try."""


class Source(Protocol):
    def pieces(self, file: WeightFile, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` to before `end`, in one try. Raises UpstreamRefused, UpstreamBroke."""

    async def close(self) -> None: ...


async def resumed(
    source: Source, file: WeightFile, start: int, end: int, *, pause: Pause = asyncio.sleep
) -> AsyncGenerator[bytes, None]:
    """The same bytes, taken up where a try broke off. Raises UpstreamRefused at once, UpstreamBroke in the end."""
    fruitless = 0
    while start < end:
        before = start
        try:
            async with aclosing(source.pieces(file, start, end)) as pieces:
                async for piece in pieces:
                    start += len(piece)
                    yield piece
            if start < end:
                raise UpstreamBroke("The source ended in the middle of a file.")
        except UpstreamBroke as broke:
            fruitless = 0 if start > before else fruitless + 1
            if fruitless == FRUITLESS_TRIES:
                raise
            await pause(max(broke.wait, FIRST_PAUSE * 2**fruitless))
