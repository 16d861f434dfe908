"""TGI's routes, and the form in which they fail."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from llmctl.serving.server import documentation
from llmctl.serving.server.api import Api
from llmctl.serving.server.auth import ApiKey
from llmctl.serving.server.engine import EngineFailed
from llmctl.serving.server.errors import GenerationFailed, Rejection, RequestFailed
from llmctl.serving.server.sse import ClientGone

_CLIENT_CLOSED_REQUEST = 499
"""nginx's number for an answer that nobody is there to read."""


async def _refused(request: Request, error: Exception) -> Response:
    """Every failure in its own form: TGI's JSON, axum's plain text, or nothing but a status."""
    match error:
        case RequestFailed():
            return JSONResponse(error.as_json(), status_code=error.status)
        case EngineFailed():
            return await _refused(request, GenerationFailed(str(error)))
        case Rejection():
            return PlainTextResponse(str(error), status_code=error.status)
        case HTTPException():
            return Response(status_code=error.status_code, headers=error.headers)
        case _:
            return Response(status_code=_CLIENT_CLOSED_REQUEST)


def application(api: Api) -> Starlette:
    """The ASGI application, with TGI's routes."""
    routes = [
        Route("/", api.health, methods=["GET"]),
        Route("/", api.compat, methods=["POST"]),
        Route("/generate", api.generate, methods=["POST"]),
        Route("/generate_stream", api.generate_stream, methods=["POST"]),
        Route("/v1/chat/completions", api.chat, methods=["POST"]),
        Route("/v1/completions", api.completions, methods=["POST"]),
        Route("/invocations", api.invocations, methods=["POST"]),
        Route("/tokenize", api.tokenize, methods=["POST"]),
        Route("/chat_tokenize", api.chat_tokenize, methods=["POST"]),
        Route("/health", api.health, methods=["GET"]),
        Route("/ping", api.health, methods=["GET"]),
        Route("/info", api.show_info, methods=["GET"]),
        Route("/metrics", api.metrics, methods=["GET"]),
        Route("/v1/models", api.models, methods=["GET"]),
        *documentation.routes(),
    ]
    handlers = dict.fromkeys((RequestFailed, EngineFailed, Rejection, HTTPException, ClientGone), _refused)
    key = api.settings.api_key
    guard = [Middleware(ApiKey, key=key)] if key else []
    app = Starlette(routes=routes, middleware=guard, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app
