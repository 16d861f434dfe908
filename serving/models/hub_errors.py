"""What the Hub and the network answer, in this project's words. No header is ever repeated: one holds the token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from llmctl.serving.errors import DownloadFailed, ModelAccessDenied, ModelNotFound, ServingError


@contextmanager
def translated(model_id: str, *, endpoint: str, has_token: bool) -> Iterator[None]:
    """Raise ModelAccessDenied, ModelNotFound or DownloadFailed for whatever huggingface_hub raises inside."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    try:
        yield
    except HFValidationError as error:
        raise ModelNotFound(f"{model_id} is neither a path to a .gguf file nor a Hub id (owner/name).") from error
    except OfflineModeIsEnabled as error:
        raise DownloadFailed(
            f"{endpoint} must be asked about {model_id}, and HF_HUB_OFFLINE forbids it. Unset it, or give the path "
            f"of a .gguf file as the model."
        ) from error
    except HfHubHTTPError as error:
        raise _answered(error, model_id, endpoint, has_token) from error
    except httpx2.TransportError as error:
        raise DownloadFailed(
            f"{endpoint} could not be reached for {model_id} ({type(error).__name__}: {error}). Check the network and "
            f"proxy, or give the path of a .gguf file as the model."
        ) from error


def _answered(error: Exception, model_id: str, endpoint: str, has_token: bool) -> ServingError:
    from huggingface_hub.errors import GatedRepoError, RemoteEntryNotFoundError, RevisionNotFoundError

    status, reason = _status(error)
    if isinstance(error, GatedRepoError):
        return ModelAccessDenied(_gated(model_id, endpoint, has_token))
    if isinstance(error, RevisionNotFoundError):
        return ModelNotFound(f"{model_id} has no such revision on {endpoint}; see {endpoint}/{model_id}/commits/main.")
    if isinstance(error, RemoteEntryNotFoundError):
        return ModelNotFound(f"{model_id} no longer has this file on {endpoint}; resolve the model again.")
    if status == 401 and has_token and "Invalid credentials" in reason:
        return ModelAccessDenied(
            f"{endpoint} does not know the token in HF_TOKEN; make a new one: {_tokens(endpoint)}."
        )
    if status in (401, 404):
        hint = "spelling" if has_token else f"spelling; if it is private, set HF_TOKEN ({_tokens(endpoint)})"
        return ModelNotFound(f"There is no model {model_id} on {endpoint} that you may see. Check the {hint}.")
    if status == 403:
        return ModelAccessDenied(f"{endpoint} forbids {model_id} for the token in HF_TOKEN; it needs read access.")
    if status == 429:
        return DownloadFailed(_throttled(model_id, endpoint, has_token))
    return DownloadFailed(f"{endpoint} answered {status} for {model_id}. Try again later.")


def _status(error: Exception) -> tuple[int, str]:
    response = getattr(error, "response", None)
    if response is None:
        return 0, ""
    return response.status_code, response.headers.get("X-Error-Message", "")


def _gated(model_id: str, endpoint: str, has_token: bool) -> str:
    accept = f"Accept its licence at {endpoint}/{model_id}"
    if has_token:
        return f"{model_id} is gated and the account of HF_TOKEN has no access. {accept}; approval can take time."
    return f"{model_id} is gated. {accept} and set HF_TOKEN to a token with read access ({_tokens(endpoint)})."


def _throttled(model_id: str, endpoint: str, has_token: bool) -> str:
    hint = "Wait some minutes" if has_token else f"Set HF_TOKEN ({_tokens(endpoint)}) for a higher limit"
    return f"{endpoint} still answers 429 (too many requests) for {model_id} after all retries. {hint}, then try again."


def _tokens(endpoint: str) -> str:
    return f"{endpoint}/settings/tokens"
