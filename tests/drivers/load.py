"""Load on a stack's gateways: so many requests at a time, or so many a second, and when each token came."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

PATIENCE_S = 120.0


@dataclass(frozen=True)
class Answered:
    """One request, to its end. Times are of time.monotonic, in seconds."""

    status: int
    """0: none came."""

    retry_after: str | None
    began: float
    ended: float
    tokens: tuple[float, ...] = ()
    """When each arrived."""

    whole: bool = False
    """A stream with its proper end."""

    error: str = ""


@dataclass(frozen=True)
class Target:
    """Where requests go, as what, and how long their answers are."""

    address: str
    """Host and port of plain HTTP."""

    key: str
    model: str
    tokens: int

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.address, timeout=PATIENCE_S)

    def ask(self, connection: http.client.HTTPConnection, text: str) -> Answered:
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": text}],
            "max_tokens": self.tokens,
            "stream": True,
        }
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        seen = _Seen(time.monotonic())
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            seen.read(connection.getresponse())
        except (OSError, http.client.HTTPException) as problem:
            seen.error = repr(problem)
            connection.close()
        return Answered(
            seen.status, seen.retry_after, seen.began, time.monotonic(), tuple(seen.tokens), seen.whole, seen.error
        )


@dataclass
class _Seen:
    began: float
    status: int = 0
    retry_after: str | None = None
    tokens: list[float] = field(default_factory=list)
    whole: bool = False
    error: str = ""

    def read(self, answer: http.client.HTTPResponse) -> None:
        self.status, self.retry_after = answer.status, answer.headers["retry-after"]
        last = b""
        while piece := answer.read1(65_536):
            # An event is one piece; the chunks in which it comes are the server's, one for each token.
            self.tokens += [time.monotonic()] * piece.count(b"data: {")
            last = piece
        self.whole = self.status == 200 and b"[DONE]" in last


@dataclass
class Load:
    answers: list[Answered] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _stop: threading.Event = field(default_factory=threading.Event)

    def during(self, seconds: float) -> tuple[float, float]:
        """The time from now to so many seconds later, when it has passed."""
        begin = time.monotonic()
        self._stop.wait(seconds)
        return begin, begin + seconds

    def tokens(self, between: tuple[float, float]) -> int:
        first, last = between
        return sum(first <= token < last for answer in self.answers for token in answer.tokens)

    def again_and_again(self, target: Target) -> None:
        with closing(target.connect()) as connection:
            while not self._stop.is_set():
                self.answers.append(target.ask(connection, self.text()))

    def once(self, target: Target) -> None:
        with closing(target.connect()) as connection:
            self.answers.append(target.ask(connection, self.text()))

    def each(self, target: Target, seconds: float, begun: list[threading.Thread]) -> None:
        """Another request after so many seconds each, whatever became of the ones before."""
        while not self._stop.wait(seconds):
            begun.append(threading.Thread(target=self.once, args=(target,)))
            begun[-1].start()

    def text(self) -> str:
        """Each is a conversation of its own."""
        return f"Request {next(self._numbers)}: tell a long story about a clock."

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def at_a_time(targets: Sequence[Target]) -> Iterator[Load]:
    """One client for each entry, with a connection that it keeps; its next request follows its last answer."""
    load = Load()
    threads = [threading.Thread(target=load.again_and_again, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop()
        for thread in threads:
            thread.join()


@contextmanager
def a_second(rate: float, target: Target) -> Iterator[Load]:
    """So many requests a second, each on a connection of its own, however long the others take."""
    load, begun = Load(), list[threading.Thread]()
    source = threading.Thread(target=load.each, args=(target, 1 / rate, begun))
    source.start()
    try:
        yield load
    finally:
        load.stop()
        source.join()
        for thread in begun:
            thread.join()
