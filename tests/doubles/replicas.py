"""Replicas of an engine: small HTTP servers on loopback addresses of their own, all on one port, as pods are.

They stream or answer at once, can be held in the middle, be killed or told to end, and remember who asked for what.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from drivers.ports import free_port

T = TypeVar("T")
PROMPT_TOKENS = 7


@dataclass(frozen=True)
class Seen:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Behaviour:
    """How a replica answers from now on; shared words of all replicas of a test."""

    seconds: float = 0.0
    """What an answer takes."""

    events: int = 3
    """Tokens of a stream."""

    extra_fields: dict[str, Any] = field(default_factory=dict)
    """Put into a whole answer beside the usual."""

    headers: tuple[str, ...] = ()


class Replica:
    def __init__(self, address: str, port: int, loop: asyncio.AbstractEventLoop, behaviour: Behaviour) -> None:
        self.address = address
        self.port = port
        self.behaviour = behaviour
        self.requests: list[Seen] = []
        self.working = 0
        self.most = 0
        self.healthy = True
        self.silent_deaths = 0
        self._loop = loop
        self._released = threading.Event()
        self._gate = asyncio.Event()
        self._gate.set()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    # --- what tests say -----------------------------------------------------------------------------------------

    def start(self) -> Replica:
        self._do(self._listen())
        return self

    def hold(self) -> None:
        """Answers stop where they are: whole ones before the first byte, streams before their last half."""
        self._call(self._gate.clear)

    def release(self) -> None:
        self._call(self._gate.set)

    def dies_at(self, requests: int) -> None:
        """The next so many requests end without a word, as when the process is killed just then."""
        self.silent_deaths = requests

    def terminate(self) -> None:
        """As after SIGTERM: no new connections, running answers go on."""
        self._do(self._close())

    def kill(self) -> None:
        """As after SIGKILL."""
        self._do(self._close())
        self._do(self._abort())

    def bodies(self) -> list[Any]:
        return [json.loads(seen.body) for seen in self.requests]

    # --- the server -----------------------------------------------------------------------------------------------

    def _call(self, action: Callable[[], None]) -> None:
        async def act() -> None:
            action()

        self._do(act())

    def _do(self, action: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(action, self._loop).result()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.address, self.port, backlog=512)

    async def _close(self) -> None:
        if self._server:
            self._server.close()
            self._server = None

    async def _abort(self) -> None:
        for writer in self._connections:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._answer(await _request(reader), writer)
        self._connections.discard(writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _answer(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        if "/health" in seen.line:
            writer.write(_head(200 if self.healthy else 503, "content-length: 0"))
            return await writer.drain()
        self.requests.append(seen)
        if self.silent_deaths:
            self.silent_deaths -= 1
            return writer.transport.abort()
        self.working += 1
        self.most = max(self.most, self.working)
        try:
            return await self._work(seen, writer)
        finally:
            self.working -= 1

    async def _work(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        asked = json.loads(seen.body)
        if asked.get("stream"):
            return await self._stream(writer)
        await asyncio.sleep(self.behaviour.seconds)
        await self._gate.wait()
        body = json.dumps({"replica": self.address, "usage": _usage(3), **self.behaviour.extra_fields}).encode()
        lines = ["content-type: application/json", f"content-length: {len(body)}", *self.behaviour.headers]
        writer.write(_head(200, *lines) + body)
        return await writer.drain()

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        writer.write(_head(200, "content-type: text/event-stream", "transfer-encoding: chunked"))
        async for event in self._events():
            data = f"data: {event}\n\n".encode()
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _events(self) -> AsyncIterator[str]:
        count = self.behaviour.events
        for number in range(count):
            if number >= count // 2:
                await self._gate.wait()
            await asyncio.sleep(self.behaviour.seconds / count)
            yield json.dumps({"choices": [{"delta": {"content": f"t{number} "}}], "usage": None})
        yield json.dumps({"choices": [], "usage": _usage(count)})
        yield "[DONE]"


def _usage(tokens: int) -> dict[str, int]:
    return {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": tokens, "total_tokens": PROMPT_TOKENS + tokens}


def _head(status: int, *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Status", "connection: close", *lines, "", ""]).encode()


async def _request(reader: asyncio.StreamReader) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *rest = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (entry.partition(":") for entry in rest)}
    if headers.get("transfer-encoding") == "chunked":
        return Seen(line, headers, await _chunks(reader))
    return Seen(line, headers, await reader.readexactly(int(headers.get("content-length", 0))))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


class Replicas:
    """Makes replicas. The first has 127.0.0.11, the next 127.0.0.12 and so on."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.port = free_port()
        self.behaviour = Behaviour()
        self.all: list[Replica] = []
        self._loop = loop

    def more(self, count: int = 1) -> list[Replica]:
        number = len(self.all)
        addresses = [f"127.0.0.{11 + number + step}" for step in range(count)]
        new = [Replica(address, self.port, self._loop, self.behaviour).start() for address in addresses]
        self.all += new
        return new

    def one(self) -> Replica:
        return self.more()[0]

    def at(self, address: str) -> Replica:
        return next(replica for replica in self.all if replica.address == address)

    def end(self) -> None:
        for replica in self.all:
            replica.release()
            replica.kill()


@contextmanager
def replicas() -> Iterator[Replicas]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    made = Replicas(loop)
    try:
        yield made
    finally:
        made.end()
        asyncio.run_coroutine_threadsafe(_quiet(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _quiet() -> None:
    """Until every connection's task has ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
