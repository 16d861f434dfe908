"""Clients that read long answers as streams, and what became of each."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True)
class Ended:
    """One stream, to its end."""

    status: int | None
    tokens: int
    finish: str | None
    """What the last chunk says; None where the stream broke off."""

    done: bool
    """The closing `[DONE]` came."""

    seconds: float
    began: float
    error: str = ""

    def whole(self, tokens: int) -> bool:
        return self.status == 200 and self.finish == "length" and self.done and self.tokens == tokens


@dataclass
class Clients:
    """So many at a time, each beginning another stream when one ends, until they are asked to stop."""

    url: str
    model: str
    key: str
    tokens: int
    ended: list[Ended] = field(default_factory=list)
    running: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask_again_and_again(self, number: int) -> None:
        while not self._stop.is_set():
            with self._lock:
                self.running += 1
            outcome = stream(self.url, self.model, self.key, self.tokens, f"client {number}")
            with self._lock:
                self.running -= 1
                self.ended.append(outcome)

    def stop(self) -> None:
        """No new stream; those that run go on to their end."""
        self._stop.set()

    def broken(self) -> list[Ended]:
        return [each for each in self.ended if not each.whole(self.tokens)]


@contextmanager
def clients(count: int, url: str, model: str, key: str, tokens: int) -> Iterator[Clients]:
    """`count` streams at a time from now on; at the end the last ones are awaited."""
    crowd = Clients(url, model, key, tokens)
    threads = [threading.Thread(target=crowd.ask_again_and_again, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield crowd
    finally:
        crowd.stop()
        for thread in threads:
            thread.join()


@dataclass(frozen=True)
class Answer:
    """To a short question."""

    status: int | None
    """None: there was no answer, and `error` says why."""

    retry_after: int | None = None
    """Seconds."""

    error: str = ""
    """The code of an error object, or what became of the connection."""


@dataclass
class Asking:
    """A client with short questions, one after the other."""

    answers: list[Answer] = field(default_factory=list)

    def had(self, status: int) -> bool:
        return any(each.status == status for each in self.answers)

    def kinds(self) -> set[tuple[int | None, str]]:
        return {(each.status, each.error) for each in self.answers}


@contextmanager
def asking(url: str, model: str, key: str, pause: float = 0.3) -> Iterator[Asking]:
    """Questions of one token all the time, `pause` seconds after each answer; at the end the last one is awaited."""
    asked, over = Asking(), threading.Event()

    def ask() -> None:
        while not over.wait(pause):
            asked.answers.append(answer(url, model, key))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield asked
    finally:
        over.set()
        thread.join()


def answer(url: str, model: str, key: str) -> Answer:
    body = {"model": model, "messages": [{"role": "user", "content": "Yes or no?"}], "max_tokens": 1}
    try:
        got = httpx.post(
            f"{url}/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {key}"}, timeout=60
        )
        said = "" if got.status_code == 200 else got.json()["error"]["code"]
    except httpx.HTTPError as error:
        return Answer(None, error=repr(error))
    after = got.headers.get("Retry-After")
    return Answer(got.status_code, int(after) if after else None, said)


def stream(url: str, model: str, key: str, tokens: int, who: str) -> Ended:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": f"{who}: tell a story."}],
        "max_tokens": tokens,
        "stream": True,
    }
    began, seen = time.monotonic(), _Seen()
    try:
        with (
            httpx.Client(timeout=httpx.Timeout(60, read=120), trust_env=False) as client,
            client.stream(
                "POST", f"{url}/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {key}"}
            ) as answer,
        ):
            seen.status = answer.status_code
            for line in answer.iter_lines():
                seen.line(line)
    except httpx.HTTPError as error:
        seen.error = repr(error)
    return Ended(seen.status, seen.tokens, seen.finish, seen.done, time.monotonic() - began, began, seen.error)


@dataclass
class _Seen:
    status: int | None = None
    tokens: int = 0
    finish: str | None = None
    done: bool = False
    error: str = ""

    def line(self, line: str) -> None:
        data = line.removeprefix("data:").strip()
        if not line.startswith("data:"):
            self.error = self.error or (line if self.status != 200 else "")
        elif data == "[DONE]":
            self.done = True
        else:
            event = json.loads(data)
            if "error" in event:
                self.error = str(event["error"])
            for choice in event.get("choices", ()):
                self.tokens += 1
                self.finish = choice.get("finish_reason") or self.finish
