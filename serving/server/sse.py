"""Server-sent events as axum writes them, and work that ends when the client leaves."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

T = TypeVar("T")

KEEP_ALIVE_S = 15.0
"""axum's default: a comment after so many seconds of silence."""

DONE = b"data: [DONE]\n\n"


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


def event(data: Any) -> bytes:
    return b"data: " + to_json(data) + b"\n\n"


class EventStream(Response):
    """Sends events as they come. A client that leaves cancels the generator at once."""

    def __init__(
        self, events: AsyncGenerator[bytes, None], headers: dict[str, str], keep_alive_s: float = KEEP_ALIVE_S
    ) -> None:
        self.events = events
        self.keep_alive_s = keep_alive_s
        self.last_sent = 0.0
        # Set as a header, because media_type would add a charset that axum does not send.
        super().__init__(headers={"content-type": "text/event-stream", "cache-control": "no-cache", **headers})
        # Response has counted an empty body; a stream has no length.
        self.raw_headers = [pair for pair in self.raw_headers if pair[0] != b"content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (ASGI)
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        self.last_sent = time.monotonic()
        sending = asyncio.create_task(self._send_all(send))
        beside = [asyncio.create_task(_gone(receive)), asyncio.create_task(self._keep_alive(send))]
        try:
            await asyncio.wait([sending, *beside], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _ended(sending, *beside)
        if not sending.cancelled():
            sending.result()

    async def _send_all(self, send: Send) -> None:
        async with aclosing(self.events) as events:
            async for data in events:
                self.last_sent = time.monotonic()
                await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _keep_alive(self, send: Send) -> None:
        while True:
            silent = time.monotonic() - self.last_sent
            if silent >= self.keep_alive_s:
                self.last_sent = time.monotonic()
                await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
            else:
                await asyncio.sleep(self.keep_alive_s - silent)


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`; raises ClientGone, with the work cancelled and ended, when the client leaves first."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_gone(request.receive))
    try:
        await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _ended(working, leaving)
    if working.cancelled():
        raise ClientGone
    return working.result()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _ended(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task
