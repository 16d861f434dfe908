"""A local server that speaks TGI 3's chat API: plain JSON and its stream of server-sent events, with TGI's errors.

It checks nothing of the request but the API key, and records headers and bodies for the test to look at. It generates
no text: it says what it was told to, one word as one token. It does not do: tools, logprobs, limits of its own.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from drivers.loopback import serving


@dataclass
class TgiDouble:
    url: str = ""
    authorizations: list[str | None] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    _words: list[str] = field(default_factory=list)
    _key: str | None = None
    _refusal: tuple[int, str, str] | None = None
    _stream_error: tuple[int, str] | None = None
    _stream_end: int | None = None
    _healthy: bool = True

    def answers(self, text: str) -> None:
        """Every word becomes one token; the next one starts with the blank."""
        self._words = [word if i == 0 else f" {word}" for i, word in enumerate(text.split(" "))]

    def requires_key(self, key: str) -> None:
        self._key = key

    def is_overloaded(self) -> None:
        self._refusal = (429, "application/json", '{"error":"Model is overloaded","error_type":"overloaded"}')

    def refuses(self, message: str) -> None:
        """As TGI's validation: 422 with JSON."""
        body = json.dumps({"error": f"Input validation error: {message}", "error_type": "validation"})
        self._refusal = (422, "application/json", body)

    def refuses_in_plain_text(self, message: str) -> None:
        """As the framework under TGI: 422 without JSON."""
        self._refusal = (422, "text/plain; charset=utf-8", message)

    def fails(self, message: str) -> None:
        body = json.dumps({"error": f"Request failed during generation: {message}", "error_type": "generation"})
        self._refusal = (424, "application/json", body)

    def fails_in_the_stream(self, message: str, *, after: int) -> None:
        """An error event after that many tokens: status 200, and 422 in the event whatever the reason is."""
        self._stream_error = (after, message)

    def breaks_off_after(self, tokens: int) -> None:
        """The stream ends like a crashed process: no usage, no [DONE]."""
        self._stream_end = tokens

    def is_unhealthy(self) -> None:
        self._healthy = False

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self._post(handler) if handler.command == "POST" else self._get(handler)

    def _get(self, handler: BaseHTTPRequestHandler) -> None:
        known = handler.path == "/health"
        _send(handler, (200 if self._healthy else 503) if known else 404, "application/json", "")

    def _post(self, handler: BaseHTTPRequestHandler) -> None:
        self.authorizations.append(handler.headers.get("Authorization"))
        self.bodies.append(json.loads(handler.rfile.read(int(handler.headers["Content-Length"]))))
        if self._key is not None and self.authorizations[-1] != f"Bearer {self._key}":
            return _send(handler, 401, "text/plain", "")
        if handler.path != "/v1/chat/completions":
            return _send(handler, 404, "text/plain", "")
        if self._refusal:
            return _send(handler, *self._refusal)
        if self.bodies[-1].get("stream"):
            return self._stream(handler)
        return _send(handler, 200, "application/json", json.dumps(self._completion()))

    def _completion(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": "".join(self._words)}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self._usage()}

    def _stream(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for event in self._events():
            handler.wfile.write(f"data: {event}\n\n".encode())
        handler.close_connection = True

    def _events(self) -> Iterator[str]:
        for position, word in enumerate([*self._words, None]):
            if self._stream_end == position:
                return
            if self._stream_error and self._stream_error[0] == position:
                yield json.dumps({"error": {"message": self._stream_error[1], "http_status_code": 422}})
                break
            if word is not None:
                yield json.dumps(self._chunk(word, last=position == len(self._words) - 1))
        else:
            if (self.bodies[-1].get("stream_options") or {}).get("include_usage"):
                yield json.dumps({**self._head("chat.completion.chunk"), "choices": [], "usage": self._usage()})
        yield "[DONE]"

    def _chunk(self, word: str, *, last: bool) -> dict[str, Any]:
        delta = {"role": "assistant", "content": word}
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": "stop" if last else None}
        return {**self._head("chat.completion.chunk"), "choices": [choice], "usage": None}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"object": kind, "id": "", "created": 1, "model": "tiny", "system_fingerprint": "3.3.7-sha-0000000"}

    def _usage(self) -> dict[str, int]:
        tokens = len(self._words)
        return {"prompt_tokens": 5, "completion_tokens": tokens, "total_tokens": 5 + tokens}


@contextlib.contextmanager
def tgi_double() -> Iterator[TgiDouble]:
    """A TGI on a free loopback port, for as long as the block runs."""
    double = TgiDouble()
    with serving(double.answer) as host:
        double.url = f"http://{host}"
        yield double


def _send(handler: BaseHTTPRequestHandler, status: int, content_type: str, body: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", str(len(body.encode())))
    handler.end_headers()
    handler.wfile.write(body.encode())
