"""The API key, on the routes where TGI asks for it."""

from __future__ import annotations

import hmac

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

GUARDED = frozenset(
    {"/generate", "/generate_stream", "/v1/chat/completions", "/v1/completions", "/invocations", "/tokenize"}
)
"""And POST /, which shares its path with the open GET /."""


class ApiKey:
    """Answers 401, empty as TGI's, unless the request carries the key. Constant time, and case counts."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._expected = f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _guarded(scope) and not self._allows(scope):
            await Response(status_code=401)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _allows(self, scope: Scope) -> bool:
        given = HTTPConnection(scope).headers.get("authorization", "")
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._expected)


def _guarded(scope: Scope) -> bool:
    return scope["path"] in GUARDED or (scope["path"] == "/" and scope["method"] == "POST")
