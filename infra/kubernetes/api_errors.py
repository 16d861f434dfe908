"""What the Kubernetes client raises and the API answers, as the errors of infra. No message repeats a credential."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from llmctl.infra.errors import (
    ClusterError,
    ClusterForbidden,
    ClusterSlow,
    ClusterUnreachable,
    ObjectConflict,
    ObjectNotFound,
)

CONNECT_SECONDS = 5.0
"""To reach the API server. A cluster of another continent is reached in less than one; a deleted one never is."""

ANSWER_SECONDS = 30.0
"""Of silence. The API server itself gives up on a request after 60 s (its --request-timeout)."""


@contextmanager
def translated(context: str) -> Iterator[None]:
    """Errors of the transport as ClusterUnreachable or ClusterSlow."""
    from urllib3 import exceptions

    try:
        yield
    except exceptions.MaxRetryError as error:
        raise _of_transport(context, error.reason or error) from error
    except (exceptions.HTTPError, OSError) as error:
        raise _of_transport(context, error) from error


def _of_transport(context: str, error: BaseException) -> ClusterError:
    from urllib3 import exceptions

    if isinstance(error, exceptions.ReadTimeoutError):
        return ClusterSlow(
            f"The cluster of context {context!r} was reached, and did not answer within {ANSWER_SECONDS:.0f} s. "
            "It is there: wait and run this again."
        )
    return ClusterUnreachable(
        f"The cluster of context {context!r} cannot be reached: {_reason(error)}. Is it still there, and is the "
        f"network (VPN, proxy) up? Try: kubectl --context {context} get --raw /readyz"
    )


def _reason(error: BaseException) -> str:
    """Without addresses of objects in memory and without the URL, which may carry credentials of a proxy."""
    from urllib3 import exceptions

    kinds: tuple[tuple[type[BaseException], str], ...] = (
        (exceptions.NameResolutionError, "its name is not known to DNS"),
        (FileNotFoundError, "a certificate that the kubeconfig names is not there"),
        (exceptions.ProxyError, "the proxy did not let the connection through"),
        (exceptions.SSLError, "its TLS certificate is not one that the kubeconfig trusts"),
        (exceptions.NewConnectionError, "the connection was refused, or there is no way there"),
        (exceptions.ConnectTimeoutError, f"no connection within {CONNECT_SECONDS:.0f} s"),
        (exceptions.ProtocolError, "it closed the connection"),
    )
    return next((words for kind, words in kinds if isinstance(error, kind)), type(error).__name__)


def of_answer(context: str, status: int, body: bytes, asked: str) -> ClusterError:
    """The error that an answer of 400 and above is. `asked`: the verb and path, for the message."""
    said = _said(body)
    if status == 401:
        return ClusterForbidden(
            f"The cluster of context {context!r} does not take the credentials of the kubeconfig (401). "
            f"Log in anew; this must work too: kubectl --context {context} auth whoami"
        )
    if status == 403:
        return ClusterForbidden(f"The cluster of context {context!r} does not allow this: {said}.")
    if status == 404:
        return ObjectNotFound(f"{asked}: {said}.")
    if status == 409:
        return ObjectConflict(f"{asked}: {said}.")
    if status in (429, 503, 504):
        return ClusterSlow(f"The API of context {context!r} is too busy ({status}): {said}. Run this again.")
    return ClusterError(f"{asked} was refused by the cluster of context {context!r} ({status}): {said}.")


def _said(body: bytes) -> str:
    """The message of a Kubernetes Status, or the beginning of whatever else came."""
    text = body.decode(errors="replace").strip()
    try:
        message = json.loads(text).get("message", "")
    except (ValueError, AttributeError):
        message = text[:200]
    return str(message).strip().rstrip(".") or "no reason was given"
