"""/docs and /api-doc/openapi.json, without a network: Swagger UI comes out of the installed package."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

from llmctl.serving.server.schemas import ChatRequest, CompatGenerateRequest, CompletionRequest, GenerateRequest

_POSTS: dict[str, tuple[type[BaseModel], str]] = {
    "/": (CompatGenerateRequest, "Generate tokens, or a stream of tokens if `stream` is true"),
    "/generate": (GenerateRequest, "Generate tokens"),
    "/generate_stream": (GenerateRequest, "Generate a stream of tokens with server-sent events"),
    "/v1/chat/completions": (ChatRequest, "OpenAI's chat completions"),
    "/v1/completions": (CompletionRequest, "OpenAI's completions"),
    "/tokenize": (GenerateRequest, "Tokenize inputs"),
    "/chat_tokenize": (ChatRequest, "Apply the chat template and tokenize"),
    "/invocations": (CompatGenerateRequest, "SageMaker: /, chat or completions, by the body's fields"),
}

_GETS = {
    "/health": "200 when the model answers, 503 when it does not",
    "/ping": "The same, for SageMaker",
    "/info": "Model and limits",
    "/metrics": "Prometheus metrics",
    "/v1/models": "OpenAI's list of models: the one that is served",
}

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Text Generation Inference</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div><script src="/docs/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "/api-doc/openapi.json", dom_id: "#swagger-ui"})</script></body></html>
"""


class _OpenApi30(GenerateJsonSchema):
    """OpenAPI 3.0's dialect of JSON schema: TGI's own, and the newest that the bundled Swagger UI draws."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        return {"allOf": [inner], "nullable": True} if "$ref" in inner else {**inner, "nullable": True}

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        found = super().literal_schema(schema)
        return {"enum": [found.pop("const")], **found} if "const" in found else found


def routes() -> list[BaseRoute]:
    return [
        Route("/docs", _page, methods=["GET"]),
        Route("/docs/", _page, methods=["GET"]),
        Mount("/docs", StaticFiles(directory=swagger_ui_path)),
        Route("/api-doc/openapi.json", _openapi, methods=["GET"]),
    ]


async def _page(_: Request) -> Response:
    return HTMLResponse(_PAGE)


async def _openapi(_: Request) -> Response:
    return JSONResponse(document())


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of all routes, made from the models that read the bodies."""
    kinds = list(dict.fromkeys(kind for kind, _ in _POSTS.values()))
    _, definitions = models_json_schema(
        [(kind, "validation") for kind in kinds],
        ref_template="#/components/schemas/{model}",
        schema_generator=_OpenApi30,
    )
    paths: dict[str, Any] = {path: {"get": _operation(text)} for path, text in _GETS.items()}
    for path, (kind, text) in _POSTS.items():
        schema = {"$ref": f"#/components/schemas/{kind.__name__}"}
        body = {"required": True, "content": {"application/json": {"schema": schema}}}
        paths[path] = {"post": {**_operation(text), "requestBody": body}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Text Generation Inference", "version": "3.3.7"},
        "paths": paths,
        "components": {"schemas": definitions["$defs"]},
    }


def _operation(text: str) -> dict[str, Any]:
    return {"summary": text, "tags": ["Text Generation Inference"], "responses": {"200": {"description": "Answer"}}}
