"""Clients that ask without a pause, each request on a connection of its own."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

import httpx
from drivers.eventually import PATIENCE_S, eventually


class Clients:
    """`count` threads between enter and exit; what they were answered and what failed."""

    def __init__(self, url: str, *, count: int) -> None:
        self.answers: list[str] = []
        self.failures: list[str] = []
        self._url = url
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(count)]

    def await_answers(self, more: int) -> None:
        """Return after so many further answers."""
        enough = len(self.answers) + more
        eventually(lambda: len(self.answers) >= enough or self.failures, f"{more} more answers")

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._ended.wait(0.02):
            try:
                with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
                    self.answers.append(client.get(self._url).raise_for_status().text)
            except httpx.HTTPError as problem:
                self.failures.append(repr(problem))
