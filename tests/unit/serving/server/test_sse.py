"""Event streams and disconnects on a bare ASGI connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from starlette.requests import Request

from llmctl.serving.server.sse import ClientGone, EventStream, event, while_connected


class Connection:
    """The server's side of one request: what is sent, and a client that can hang up."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.something_sent = asyncio.Event()
        self.gone = asyncio.Event()

    async def send(self, message: Any) -> None:
        self.sent.append(message.get("body", b""))
        self.something_sent.set()

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}


def test_an_event_is_one_line_of_json() -> None:
    assert event({"text": "a\nb é"}) == 'data: {"text":"a\\nb é"}\n\n'.encode()


def test_silence_is_filled_with_comments() -> None:
    async def scene() -> list[bytes]:
        connection = Connection()

        async def events() -> AsyncGenerator[bytes, None]:
            while b":\n\n" not in connection.sent:
                connection.something_sent.clear()
                await connection.something_sent.wait()
            yield b"data: 1\n\n"

        await EventStream(events(), {}, keep_alive_s=0.001)({}, connection.receive, connection.send)
        return connection.sent

    sent = [data for data in asyncio.run(scene()) if data]
    assert sent[0] == b":\n\n"
    assert sent[-1] == b"data: 1\n\n"


def test_a_client_that_hangs_up_closes_the_generator() -> None:
    async def scene() -> bool:
        connection, closed = Connection(), False

        async def events() -> AsyncGenerator[bytes, None]:
            nonlocal closed
            try:
                yield b"data: 1\n\n"
                connection.gone.set()
                await asyncio.Event().wait()
            finally:
                closed = True

        await EventStream(events(), {})({}, connection.receive, connection.send)
        return closed

    assert asyncio.run(scene())


def test_work_for_a_client_that_hung_up_is_cancelled() -> None:
    async def scene() -> list[str]:
        connection, seen = Connection(), list[str]()

        async def work() -> None:
            try:
                connection.gone.set()
                await asyncio.Event().wait()
            finally:
                seen.append("ended")

        with pytest.raises(ClientGone):
            await while_connected(Request({"type": "http"}, connection.receive), work())
        return seen

    assert asyncio.run(scene()) == ["ended"]


def test_work_that_fails_fails_the_request() -> None:
    async def scene() -> None:
        async def work() -> None:
            raise LookupError("as it was")

        await while_connected(Request({"type": "http"}, Connection().receive), work())

    with pytest.raises(LookupError, match="as it was"):
        asyncio.run(scene())
