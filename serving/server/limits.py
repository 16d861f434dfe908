"""Who may come in, and who is decoded now: TGI's request limit and the batch of llama.cpp's slots."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from llmctl.serving.server.errors import Overloaded
from llmctl.serving.server.metrics import Gauge


class Admission:
    """At most `limit` requests inside, waiting ones included; one more is turned away at once."""

    def __init__(self, limit: int) -> None:
        self._free = limit

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Raises Overloaded."""
        if self._free == 0:
            raise Overloaded
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1


class Batch:
    """First come, first served over `size` slots. llama.cpp has a queue too, but one that cannot be seen or left."""

    def __init__(self, size: int, waiting: Gauge, running: Gauge) -> None:
        self._slots = asyncio.Semaphore(size)
        self._waiting = waiting
        self._running = running

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        with self._waiting.held():
            await self._slots.acquire()
        try:
            with self._running.held():
                yield
        finally:
            self._slots.release()
