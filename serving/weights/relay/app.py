"""The relay's routes: a table of files, made once from the configuration. A path that is not in it leads nowhere."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from llmctl.serving.weights.relay.errors import UpstreamBroke, UpstreamError, UpstreamRefused
from llmctl.serving.weights.relay.ranges import Span, span_asked_for
from llmctl.serving.weights.relay.source import Source, resumed
from llmctl.serving.weights.spec import WeightFile

log = logging.getLogger("llmctl.relay")


@dataclass(frozen=True)
class Served:
    source: Source
    file: WeightFile


class Relay:
    def __init__(self, files: Mapping[tuple[str, str], Served]) -> None:
        """`files`: (model, path) -> what is served there."""
        self._files = files

    def application(self) -> Starlette:
        routes = [Route("/health", _health), Route("/{model}/{path:path}", self._serve)]
        app = Starlette(routes=routes, lifespan=self._lifespan)
        app.router.redirect_slashes = False
        return app

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        for source in {id(served.source): served.source for served in self._files.values()}.values():
            await source.close()

    async def _serve(self, request: Request) -> Response:
        model, path = request.path_params["model"], request.path_params["path"]
        served = self._files.get((model, path))
        if served is None:
            return _said(404, "No such file in the weights' configuration of this relay.")
        size = served.file.size
        span = span_asked_for(request.headers.get("range"), size)
        if span is None:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
        if request.method == "HEAD" or span.start == span.end:
            return Response(status_code=200, headers={"Content-Length": str(size), "Accept-Ranges": "bytes"})
        return await _answer(model, served, span, partial="range" in request.headers)


async def _answer(model: str, served: Served, span: Span, *, partial: bool) -> Response:
    """The status is known only when the first bytes are there: a refusal comes as one, not as a broken answer."""
    stream = resumed(served.source, served.file, span.start, span.end)
    try:
        first = await anext(stream)
    except UpstreamError as error:
        log.warning("%s/%s %d-%d: %s", model, served.file.path, span.start, span.end, error)
        return _said(502 if isinstance(error, UpstreamRefused) else 504, str(error))
    headers = {"Content-Length": str(span.end - span.start), "Accept-Ranges": "bytes"}
    if partial:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{served.file.size}"
    body = _logged(model, served.file, span, first, stream)
    return StreamingResponse(
        body, status_code=206 if partial else 200, headers=headers, media_type="application/octet-stream"
    )


async def _logged(
    model: str, file: WeightFile, span: Span, first: bytes, rest: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    begun, done = time.monotonic(), 0
    try:
        async with aclosing(rest):
            yield first
            done = len(first)
            async for piece in rest:
                yield piece
                done += len(piece)
    except UpstreamError as error:
        log.warning("%s/%s %d-%d: %s", model, file.path, span.start, span.end, error)
        raise Broken from None
    finally:
        log.info(
            "%s/%s %d-%d: %d bytes, %.1f s", model, file.path, span.start, span.end, done, time.monotonic() - begun
        )


class Broken(Exception):
    """Ends the connection in the middle of an answer: all that HTTP leaves to say so once its head is sent."""


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(text + "\n", status_code=status)


async def _health(_: Request) -> Response:
    return _said(200, "ok")


__all__ = ["Broken", "Relay", "Served", "UpstreamBroke"]
