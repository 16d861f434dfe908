"""From the bytes of a request to a typed body, refused in axum's words where they are none (plain text)."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json
from starlette.requests import Request

from llmctl.serving.server.errors import Rejection
from llmctl.serving.server.schemas import GenerateParameters

B = TypeVar("B", bound=BaseModel)

_WRONG_SHAPE = "Failed to deserialize the JSON body into the target type: "


async def read_json(request: Request, limit: int) -> Any:
    """The body as JSON. Raises Rejection: 415 wrong content type, 413 over `limit` bytes, 400 no JSON."""
    if not _says_json(request.headers.get("content-type", "")):
        raise Rejection(415, "Expected request with `Content-Type: application/json`")
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > limit:
            raise Rejection(413, "Failed to buffer the request body: length limit exceeded")
    try:
        return from_json(bytes(data), allow_inf_nan=False)
    except ValueError as error:
        raise Rejection(400, f"Failed to parse the request body as JSON: {error}") from error


def _says_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def parsed(kind: type[B], body: Any) -> B:
    """Raises Rejection 422 that names the first wrong field, never its value."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise Rejection(422, _WRONG_SHAPE + _explained(error.errors(include_url=False)[0])) from error


def _explained(fault: ErrorDetails) -> str:
    *above, last = fault["loc"] or ("",)
    if fault["type"] == "missing":
        where = ".".join(str(part) for part in above)
        return f"{where}: missing field `{last}`" if where else f"missing field `{last}`"
    where = ".".join(str(part) for part in fault["loc"])
    message = fault["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def unknown_fields(kind: type[BaseModel], body: Any) -> int:
    """How many fields of the body TGI does not know, in its `parameters` too."""
    if not isinstance(body, dict):
        return 0
    known = {name for name, field in kind.model_fields.items() for name in _names(name, field.validation_alias)}
    within = unknown_fields(GenerateParameters, body.get("parameters")) if "parameters" in kind.model_fields else 0
    return len(body.keys() - known) + within


def _names(name: str, alias: Any) -> list[str]:
    return [name] if alias is None else [str(choice) for choice in getattr(alias, "choices", [alias])]
