"""What the gateway itself answers: OpenAI's error objects, so that clients read them as they read an engine's."""

from __future__ import annotations

import json
from dataclasses import dataclass

from llmctl.serving.gateway.spec import GatewaySpec, RoutedModel

JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A refusal. `retry_after` in seconds."""

    status: int
    kind: str
    code: str
    message: str
    retry_after: int | None = None
    authenticate: bool = False

    @property
    def body(self) -> str:
        error = {"message": self.message, "type": self.kind, "param": None, "code": self.code}
        return json.dumps({"error": error}, ensure_ascii=True)

    @property
    def rule(self) -> str:
        """The words of `http-request return`. Single quotes keep HAProxy from reading anything in the text."""
        headers = f" hdr Retry-After {self.retry_after}" if self.retry_after is not None else ""
        headers += " hdr WWW-Authenticate 'Bearer realm=\"gateway\"'" if self.authenticate else ""
        return f"return status {self.status} content-type {JSON}{headers} string '{self.body}'"

    @property
    def instead(self) -> str:
        """The words of `http-error`: for an error of HAProxy's own with the same status."""
        return f"http-error status {self.status} content-type {JSON} string '{self.body}'"

    @property
    def raw(self) -> str:
        """A whole HTTP answer: the only form in which HAProxy sends another status than its own."""
        reason = {429: "Too Many Requests"}[self.status]
        lines = [f"HTTP/1.1 {self.status} {reason}", f"content-type: {JSON}", f"content-length: {len(self.body)}"]
        lines += [f"retry-after: {self.retry_after}"] if self.retry_after is not None else []
        return "\r\n".join([*lines, "", self.body])


def _invalid(status: int, code: str, message: str) -> Reply:
    return Reply(status=status, kind="invalid_request_error", code=code, message=message)


UNKNOWN_ROUTE = _invalid(404, "unknown_route", "this gateway has no such route")
NO_KEY = Reply(
    status=401,
    kind="authentication_error",
    code="invalid_api_key",
    message="no valid key: send Authorization: Bearer KEY",
    authenticate=True,
)
HEADERS_TOO_LARGE = _invalid(431, "headers_too_large", "the header fields of this request are too large")
MALFORMED = _invalid(400, "malformed_request", "this is not an HTTP request that can be understood")
TOO_SLOW = Reply(
    status=408, kind="timeout_error", code="request_too_slow", message="the request did not arrive in the time allowed"
)
FAILED = Reply(
    status=502,
    kind="server_error",
    code="replica_failed",
    message="the replica ended before it answered; the request may be sent again",
)
SILENT = Reply(
    status=504, kind="server_error", code="replica_silent", message="the replica sent nothing in the time allowed"
)


def too_large(spec: GatewaySpec) -> Reply:
    return _invalid(413, "request_too_large", f"the body of a request may have {spec.body_bytes} bytes")


def length_unknown(spec: GatewaySpec) -> Reply:
    """A body in chunks tells its size only at its end, which must not be waited for without a bound."""
    message = f"a body without Content-Length may have {spec.affinity_bytes} bytes; send Content-Length"
    return _invalid(413, "content_length_missing", message)


def names(models: tuple[RoutedModel, ...]) -> str:
    return ", ".join(name for model in models for name in model.served_names)


def no_model(spec: GatewaySpec) -> Reply:
    known = f"say in `model` or in the header X-Model which: {names(spec.models)}"
    large = f"of a body over {spec.affinity_bytes} bytes only the beginning is read"
    return _invalid(400, "model_missing", f"this endpoint serves several models; {known}; {large}")


def unknown_model(spec: GatewaySpec) -> Reply:
    return _invalid(404, "model_not_found", f"this endpoint does not serve that model; it has: {names(spec.models)}")


def _busy(code: str, message: str, seconds: int) -> Reply:
    return Reply(status=429, kind="rate_limit_error", code=code, message=message, retry_after=seconds)


WINDOW_SECONDS = 60

OVER_LIMIT = _busy("rate_limit_exceeded", "this key has made its requests of the last minute", WINDOW_SECONDS)


def queue_full(spec: GatewaySpec) -> Reply:
    """Retry-After: by then all that wait now have left the queue, one way or the other."""
    return _busy("queue_full", "too many requests wait for this model", spec.queue_seconds)


def waited(spec: GatewaySpec) -> Reply:
    return _busy("queue_timeout", "no replica got free in the time allowed", spec.queue_seconds)


def starting(model: RoutedModel) -> Reply:
    message = f"no replica of {model.served_names[0]} is ready yet"
    return _busy("replicas_not_ready", message, model.startup_seconds)


def absent(model: RoutedModel) -> Reply:
    return Reply(
        status=503,
        kind="server_error",
        code="no_replicas",
        message=f"there is no replica of {model.served_names[0]}",
        retry_after=model.startup_seconds,
    )


def models_body(spec: GatewaySpec) -> str:
    """OpenAI's list of models; `created` is 0, as TGI says it."""
    ids = [name for model in spec.models for name in model.served_names]
    data = [{"id": name, "object": "model", "created": 0, "owned_by": name} for name in ids]
    return json.dumps({"object": "list", "data": data})
