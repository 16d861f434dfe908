"""Talk to an endpoint as a user would: chat, plain or as a stream, and is it healthy.

huggingface_hub is imported on the first question, not with this module: it takes longer than a whole `llmctl status`
may. It always gets an explicit key, because without one it sends the Hugging Face token of this machine to any URL.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from llmctl.serving.client_errors import translated
from llmctl.serving.client_session import ask_loopback_directly, open_url
from llmctl.serving.errors import EndpointError

if TYPE_CHECKING:
    from huggingface_hub import InferenceClient

DEFAULT_SYSTEM_MESSAGE = "Answer in one short English sentence."
"""What `chat` and the warm-up say first. With it and temperature 0 the embedded model answers plain questions well;
with its template's own system prompt it gets even the capital of France wrong."""

NO_KEY = "-"
"""Sent to an endpoint without a key; None would make huggingface_hub send the Hugging Face token."""

TIMEOUT_SECONDS = 120.0
"""Without a byte. A plain answer sends none until it is whole, so it must cover the longest one."""

MAX_TOKENS = 512
"""A small model may repeat itself until its context is full; this ends it earlier."""

HEALTH_TIMEOUT_SECONDS = 10.0
"""TGI's /health waits for a running prefill."""


class Message(TypedDict):
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Answer:
    text: str
    generated_tokens: int
    """As the server counted them."""
    seconds: float
    """From the request to the last token."""

    @property
    def tokens_per_second(self) -> float:
        return self.generated_tokens / self.seconds if self.seconds > 0 else 0.0


class Stream(Iterator[str]):
    """The pieces of an answer as they come. `answer` is there once they have all come."""

    def __init__(self, events: Iterator[Any], url: str, started: float) -> None:
        self._events, self._url, self._started = events, url, started
        self._pieces: list[str] = []
        self._tokens: int | None = None
        self._seconds = 0.0

    def __next__(self) -> str:
        with translated(self._url):
            for event in self._events:
                self._seconds = time.monotonic() - self._started
                if event.usage:
                    self._tokens = event.usage.completion_tokens
                piece = event.choices[0].delta.content if event.choices else None
                if piece:
                    self._pieces.append(piece)
                    return str(piece)
        if self._tokens is None:
            raise EndpointError(f"{self._url} stopped in the middle of its answer. See its log, then ask again.")
        raise StopIteration

    @property
    def answer(self) -> Answer:
        if self._tokens is None:
            raise ValueError("the answer is not known before the stream has been read to its end")
        return Answer("".join(self._pieces), self._tokens, self._seconds)


class Endpoint:
    """An OpenAI-style chat endpoint, TGI's first of all, at `url` (without /v1)."""

    def __init__(
        self, url: str, api_key: str | None, *, model: str | None = None, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        self.url = url.rstrip("/")
        self._api_key, self._model, self._timeout = api_key or NO_KEY, model, timeout

    def of(self, model: str) -> Endpoint:
        """The same endpoint, asking for that model: a gateway has several."""
        return Endpoint(self.url, self._api_key, model=model, timeout=self._timeout)

    def answer(self, messages: Sequence[Message], *, max_tokens: int = MAX_TOKENS, temperature: float = 0.0) -> Answer:
        """The whole answer at once. Temperature 0 is greedy. Raises EndpointError and its kinds."""
        started = time.monotonic()
        with translated(self.url):
            output = self._client.chat_completion(
                [dict(message) for message in messages],
                model=self._model,
                max_tokens=max_tokens,
                temperature=temperature,
            )
        text = output.choices[0].message.content or ""
        return Answer(text, output.usage.completion_tokens, time.monotonic() - started)

    def stream(self, messages: Sequence[Message], *, max_tokens: int = MAX_TOKENS, temperature: float = 0.0) -> Stream:
        """The answer piece by piece. Raises EndpointError and its kinds, here or while it is read."""
        from huggingface_hub import ChatCompletionInputStreamOptions

        started = time.monotonic()
        with translated(self.url):
            events = self._client.chat_completion(
                [dict(message) for message in messages],
                model=self._model,
                max_tokens=max_tokens,
                temperature=temperature,
                stream=True,
                stream_options=ChatCompletionInputStreamOptions(include_usage=True),
            )
        return Stream(iter(events), self.url, started)

    def is_healthy(self) -> bool:
        """Whether /health answers 200. A server that still loads its model refuses the connection: not healthy."""
        try:
            with open_url(f"{self.url}/health", timeout=HEALTH_TIMEOUT_SECONDS) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    @cached_property
    def _client(self) -> InferenceClient:
        from huggingface_hub import InferenceClient

        ask_loopback_directly()
        return InferenceClient(base_url=self.url, api_key=self._api_key, timeout=self._timeout)


def warm_up(endpoint: Endpoint) -> Answer:
    """One real completion: the proof that the endpoint serves. Raises EndpointError if no text comes."""
    messages: list[Message] = [
        {"role": "system", "content": DEFAULT_SYSTEM_MESSAGE},
        {"role": "user", "content": "What is the capital of France?"},
    ]
    answer = endpoint.answer(messages, max_tokens=32)
    if not answer.text.strip():
        raise EndpointError(f"{endpoint.url} answered a chat request without any text. See its log.")
    return answer
