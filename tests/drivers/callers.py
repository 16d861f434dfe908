"""Clients that are all at work at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
from drivers.gateway_stack import CHAT, GatewayStack
from drivers.haproxy import Haproxy


class Callers:
    """Each call has a thread and a connection of its own."""

    def __init__(self, stack: GatewayStack, pool: ThreadPoolExecutor) -> None:
        self._stack = stack
        self._pool = pool

    def post(self, gateway: Haproxy, body: Any, **other: Any) -> Future[httpx.Response]:
        return self._pool.submit(self._stack.post, gateway, body, **other)

    def all(self, gateway: Haproxy, bodies: Iterable[Any]) -> list[Future[httpx.Response]]:
        return [self.post(gateway, body) for body in bodies]

    def each(self, action: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return list(self._pool.map(action, items))


@contextmanager
def callers(stack: GatewayStack, most: int = 64) -> Iterator[Callers]:
    with ThreadPoolExecutor(most) as pool:
        try:
            yield Callers(stack, pool)
        finally:
            for replica in stack.replicas.all:
                replica.release()


@contextmanager
def reading(stack: GatewayStack, gateway: Haproxy, body: Any) -> Iterator[tuple[httpx.Response, Iterator[str]]]:
    """A stream whose first token has arrived, and the lines that are still to come."""
    with stack.client(gateway) as client, client.stream("POST", CHAT, json=body | {"stream": True}) as answer:
        lines = answer.iter_lines()
        assert answer.status_code == 200, answer.read()
        assert "t0" in next(lines)
        yield answer, lines


def whole(lines: Iterator[str]) -> bool:
    """Whether the rest of a stream comes to its proper end."""
    return [line for line in lines if line][-1] == "data: [DONE]"
