"""What goes wrong in the double.

DoubleError
├── ApiFault         the API server said no; has its Status
├── NoSuchKind       the API server does not know the apiVersion or the kind
├── Unreachable      there is no API server to ask
├── Refused          the resource as the program gives it cannot be
└── NotReady         the object is there, but did not get ready; has it as it was last seen
    ├── TimedOut
    └── Cancelled
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class DoubleError(Exception):
    """Base of everything raised on purpose; the message goes to the user through the engine."""


class ApiFault(DoubleError):
    def __init__(self, status: dict[str, Any]) -> None:
        super().__init__(status.get("message") or status.get("reason") or "the API server gave no reason")
        self.reason: str = status.get("reason", "")
        self.code: int = status.get("code", 0)
        self.kind: str = (status.get("details") or {}).get("kind", "")
        """Of what the answer is about; `namespaces` where it is the object's namespace that is not there."""


class NoSuchKind(DoubleError):
    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__(
            "the Kubernetes API server reported that the apiVersion for this resource does not exist. Verify that any "
            f'required CRDs have been created: no matches for kind "{kind}" in version "{api_version}"'
        )


class Unreachable(DoubleError):
    pass


class Refused(DoubleError):
    pass


class NotReady(DoubleError):
    def __init__(self, message: str, live: dict[str, Any], reasons: Sequence[str]) -> None:
        super().__init__(message)
        self.live, self.reasons = live, tuple(reasons)


class TimedOut(NotReady):
    pass


class Cancelled(NotReady):
    pass
