"""Object stores (S3 and what speaks its API, Google's, Azure's) through obstore: Apache Arrow's Rust client.

obstore 0.12.1: MIT, no dependencies, one abi3 wheel (6 MB), against three SDKs of the clouds with a copy of TLS,
retries and signing each. It reads no profiles and no `aws sso` login; what is sent is what the variables say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llmctl.serving.errors import InvalidWeights

if TYPE_CHECKING:
    from obstore.store import ObjectStore

VARIABLES = {
    "s3": (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_SKIP_SIGNATURE",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ),
    "gs": ("GOOGLE_SERVICE_ACCOUNT_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SKIP_SIGNATURE", "GOOGLE_BASE_URL"),
    "az": (
        "AZURE_STORAGE_ACCOUNT_NAME",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "AZURE_STORAGE_SAS_KEY",
        "AZURE_STORAGE_ENDPOINT",
        "AZURE_SKIP_SIGNATURE",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_TENANT_ID",
        "AZURE_FEDERATED_TOKEN_FILE",
    ),
}
"""Scheme -> variables that are passed on; also the keys that a Secret may have."""

CLIENT = {"connect_timeout": "10s", "read_timeout": "30s", "timeout": "1h"}
"""The whole of a request may take long (a part over a slow line); silence may not. obstore's own limit is 30 s."""
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,64})</Code>")

RETRIES = {"max_retries": 2}
"""Inside one request; whoever asks tries again after that."""


def open_bucket(url: str, variables: Mapping[str, str]) -> ObjectStore:
    """The store below `url` (s3://bucket/prefix, gs://bucket/prefix, az://container/prefix). Asks nothing yet.

    Raises InvalidWeights for another scheme or variables that do not suffice.
    """
    from obstore.store import from_url

    scheme, _, rest = url.partition("://")
    if scheme not in VARIABLES or not rest.strip("/"):
        known = ", ".join(f"{name}://" for name in VARIABLES)
        raise InvalidWeights(f"{url!r} is no bucket; allowed: {known}, a name, and /prefix.")
    config: dict[str, Any] = {name.lower(): variables[name] for name in VARIABLES[scheme] if variables.get(name)}
    plain = any(value.startswith("http://") for value in config.values())
    try:
        return from_url(url, config=config, client_options={**CLIENT, "allow_http": plain}, retry_config=RETRIES)  # type: ignore[call-overload,no-any-return]
    except Exception as error:  # obstore has no common base for what its builders raise
        raise InvalidWeights(
            f"{url} cannot be opened with the variables there are ({type(error).__name__}). "
            f"Known: {', '.join(VARIABLES[scheme])}."
        ) from error


@contextmanager
def told(url: str, refused: type[Exception], broke: type[Exception]) -> Iterator[None]:
    """obstore's errors in this project's words; theirs may hold an address that is signed.

    Denied and absent things become `refused`, the rest `broke`.
    """
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except (BaseError, OSError) as error:
        status, code = _answered(str(error))
        came = f"HTTP {status}{code}" if status else type(error).__name__
        if isinstance(error, PermissionDeniedError | UnauthenticatedError) or status in ("401", "403"):
            raise refused(f"{url} refuses the credentials there are ({came}).") from error
        if isinstance(error, FileNotFoundError) or status == "404":
            raise refused(f"{url} is not there, or a file of it is not ({came}).") from error
        raise broke(f"{url} does not answer as an object store ({came}). Check network and credentials.") from error


def _answered(message: str) -> tuple[str, str]:
    """Status and code of the store's own answer, as far as the message has them: nothing else of it is repeated."""
    status, code = _STATUS.search(message), _CODE.search(message)
    return (status[1] if status else ""), (f", {code[1]}" if code else "")
