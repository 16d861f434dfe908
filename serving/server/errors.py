"""How a request can fail, in TGI's words.

RequestFailed (JSON {"error", "error_type"})
├── ValidationFailed       422 validation             a parameter or a length is not allowed
├── TemplateFailed         422 template_error         no chat template, or it refused the messages
├── ToolFailed             422 tool_error             tools and choice do not fit, or the call is no JSON
├── NotServed              422 (two of its own)       `suffix`, or too many prompts, in /v1/completions
├── Overloaded             429 overloaded             max_concurrent_requests are already inside
├── GenerationFailed       424 generation             llama.cpp failed while working
└── IncompleteGeneration   500 incomplete_generation  llama.cpp's stream ended without an end
    └── IncompleteStream   incomplete_generation_stream, the same inside an event stream
Rejection (plain text)     400, 413, 415, 422         the body never became a request

Texts and types: TGI 3.3.7, router/src/infer/mod.rs and validation.rs; Rejection: axum 0.7's JsonRejection.
"""

from __future__ import annotations


class RequestFailed(Exception):
    """Base of every failure that TGI reports as JSON."""

    status = 500
    error_type = ""
    prefix = ""
    err: str
    """Value of the label `err` of tgi_request_failure."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(self.prefix + reason)

    def as_json(self) -> dict[str, str]:
        return {"error": str(self), "error_type": self.error_type}

    def as_openai_event(self) -> dict[str, object]:
        # 422 whatever happened: TGI hard-codes it, and clients of TGI look for it.
        return {"error": {"message": str(self), "http_status_code": 422}}


class ValidationFailed(RequestFailed):
    status, error_type, err = 422, "validation", "validation"
    prefix = "Input validation error: "


class TemplateFailed(RequestFailed):
    status, error_type, err = 422, "template_error", "template"
    prefix = "Template error: "


class ToolFailed(RequestFailed):
    status, error_type, err = 422, "tool_error", "validation"
    prefix = "Tool error: "


class NotServed(RequestFailed):
    """`/v1/completions` has two error types of its own; both are validation to the metrics."""

    status, err = 422, "validation"

    def __init__(self, reason: str, error_type: str) -> None:
        super().__init__(reason)
        self.error_type = error_type


class Overloaded(RequestFailed):
    status, error_type, err = 429, "overloaded", "overloaded"
    prefix = "Model is overloaded"


class GenerationFailed(RequestFailed):
    status, error_type, err = 424, "generation", "generation"
    prefix = "Request failed during generation: "


class IncompleteGeneration(RequestFailed):
    status, error_type, err = 500, "incomplete_generation", "incomplete"
    prefix = "Incomplete generation"


class IncompleteStream(IncompleteGeneration):
    error_type = "incomplete_generation_stream"
    prefix = "Incomplete generation stream"


class Rejection(Exception):
    """The body could not be read into a request; the answer is plain text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
