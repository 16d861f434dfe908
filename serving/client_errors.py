"""What an endpoint says when it does not answer, in this project's words. No header is repeated: one holds the key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llmctl.serving.errors import (
    EndpointDenied,
    EndpointError,
    EndpointOverloaded,
    EndpointUnreachable,
    RequestRefused,
)


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Raise EndpointError or one of its kinds for whatever huggingface_hub's client raises inside."""
    import httpx2
    from huggingface_hub.errors import (
        HfHubHTTPError,
        InferenceTimeoutError,
        OfflineModeIsEnabled,
        TextGenerationError,
    )

    try:
        yield
    except OfflineModeIsEnabled as error:
        raise EndpointUnreachable(
            f"HF_HUB_OFFLINE is set, and with it huggingface_hub refuses every request, also one to {url}. Unset it."
        ) from error
    except (InferenceTimeoutError, httpx2.TimeoutException) as error:
        raise EndpointUnreachable(f"{url} did not answer in time. It may be busy; see its log.") from error
    except HfHubHTTPError as error:
        raise _by_status(url, error.response.status_code, _said(error.response)) from error
    except TextGenerationError as error:
        raise _in_stream(url, error) from error
    except httpx2.ConnectError as error:
        raise EndpointUnreachable(f"Nothing answers at {url}. Is the stack up? See: llmctl status") from error
    except httpx2.TransportError as error:
        raise EndpointError(f"{url} broke the connection off ({error}). See its log, then ask again.") from error
    except (json.JSONDecodeError, AttributeError, IndexError, TypeError) as error:
        raise EndpointError(f"{url} answered something that is no chat completion. Is it an endpoint?") from error


def _by_status(url: str, status: int, said: str) -> EndpointError:
    if status in (401, 403):
        return EndpointDenied(f"{url} wants another API key ({status}).")
    if status == 429:
        return EndpointOverloaded(f"{url} is overloaded (429{said}). Try again in a moment.")
    if status in (400, 413, 422):
        return RequestRefused(f"{url} refused the request ({status}{said}).")
    return EndpointError(f"{url} answered {status}{said}. See its log.")


def _in_stream(url: str, error: Exception) -> EndpointError:
    """An error event within a stream. TGI says 422 there for everything, so its words must tell which it is."""
    content: Any = error.args[0] if error.args else ""
    message = str(content.get("message", content) if isinstance(content, dict) else content)
    if "overloaded" in message.lower():
        return EndpointOverloaded(f"{url} is overloaded ({message}). Try again in a moment.")
    if "validation error" in message.lower():
        return RequestRefused(f"{url} refused the request ({message}).")
    return EndpointError(f"{url} failed in the middle of its answer ({message}). See its log.")


def _said(response: Any) -> str:
    """`: the server's own words`, from JSON or plain text; empty if it said nothing."""
    try:
        body = response.json()
    except (ValueError, RuntimeError):
        body = None
    error = body.get("error") if isinstance(body, dict) else None
    words = error.get("message") if isinstance(error, dict) else error
    if not words:
        words = _text(response)
    return f": {str(words)[:300]}" if words else ""


def _text(response: Any) -> str:
    try:
        return str(response.text).strip()
    except RuntimeError:
        return ""  # a stream's body that nobody read
